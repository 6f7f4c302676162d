"""What the tests of nginx's parts share: a real nginx, and toy servers behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tandem.launch import tls
from tests.deploy.front import Front
from tests.deploy.toys import Toy


@pytest.fixture(scope="module")
def front(processes: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    found = Front(tmp_path_factory.mktemp("nginx") / "run")
    found.start()
    tls.kept(found.folder / "tls")
    yield found
    found.stop()


@pytest.fixture
def toy() -> Iterator[Callable[[str], Toy]]:
    """Starts toy servers."""
    running: list[Toy] = []

    def start(name: str) -> Toy:
        running.append(Toy(name))
        return running[-1]

    yield start
    for each in running:
        each.go.set()
        each.kill()
