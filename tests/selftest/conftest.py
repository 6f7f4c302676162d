"""What the proofs need: the bench, and `tell`, by which each says what it did, saw and would have called wrong."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.selftest.bench import ToyBench, bench_in
from tests.selftest.story import Story, render


@pytest.fixture
def tell(request: pytest.FixtureRequest) -> Iterator[Story]:
    """What every proof calls before it asserts anything; `pytest -rP`, as in `make selftest`, shows it."""
    item = request.node
    story = Story(lambda told: item.add_report_section("call", "proof", render(item.function.__doc__ or "", told)))
    yield story
    assert story.told, "this proof did not tell what it did, what it saw and what would have been wrong"


@pytest.fixture(scope="session")
def bench(alone: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ToyBench]:
    """One toy behind nginx, and the harness's own machinery to measure it."""
    with bench_in(tmp_path_factory.mktemp("bench")) as found:
        yield found


@pytest.fixture(scope="session")
def beside(processes: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ToyBench]:
    """The same for proofs of what holds on a busy machine, too: others may work beside it."""
    with bench_in(tmp_path_factory.mktemp("beside")) as found:
        yield found
