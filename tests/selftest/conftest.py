"""`--tell` and the fixture `tell`: each proof says what it did, what it saw and what would have been wrong."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from tests.selftest.bench import ToyBench, bench_in
from tests.selftest.story import Story, render

STORY = pytest.StashKey[Story]()
CHAPTER, TOLD = "chapter", "told"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add --tell."""
    parser.addoption("--tell", action="store_true", help="selftest: tell what each proof did and saw, as it ends")


def telling(config: pytest.Config) -> bool:
    """Whether the stories are wanted; where all tests run, this file is read after the command line."""
    return bool(config.getoption("--tell", default=False))


@pytest.fixture
def tell(request: pytest.FixtureRequest) -> Story:
    """What every proof calls, before it asserts anything."""
    item: pytest.Item = request.node
    return item.stash.setdefault(STORY, Story())


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    """Fail a proof that told nothing."""
    yield
    if not item.stash.get(STORY, Story()).told:
        pytest.fail("this proof did not tell what it did, what it saw and what would have been wrong", pytrace=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Give the report of a proof its story and its chapter."""
    report = yield
    if report.when == "call" and isinstance(item, pytest.Function):
        told = render(first_line(item.function), report.passed, item.stash.get(STORY, Story()))
        report.user_properties += [(CHAPTER, first_line(item.module)), (TOLD, told)]
    return report


def first_line(documented: object) -> str:
    """The first line of a docstring."""
    return (documented.__doc__ or "").strip().partition("\n")[0]


class Narrator:
    """Prints each story as its proof ends, and a heading where another chapter begins."""

    def __init__(self, config: pytest.Config) -> None:
        self.config, self.chapter = config, ""

    @pytest.hookimpl(tryfirst=True)
    def pytest_report_teststatus(self, report: pytest.TestReport) -> tuple[str, str, str] | None:
        """Print no dots between the stories."""
        return ("passed", "", "") if report.when == "call" and report.passed else None

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Print the story."""
        found = dict(report.user_properties)
        terminal = self.config.pluginmanager.get_plugin("terminalreporter")
        if TOLD in found and terminal is not None:
            if found[CHAPTER] != self.chapter:
                self.chapter = str(found[CHAPTER])
                terminal.write_line(f"\n\n== {self.chapter}", bold=True)
            terminal.write_line(f"\n{found[TOLD]}")


def pytest_configure(config: pytest.Config) -> None:
    """Have the stories printed where they are wanted."""
    if telling(config):
        config.pluginmanager.register(Narrator(config), "selftest-narrator")


@pytest.fixture(scope="session")
def bench(alone: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ToyBench]:
    """One toy behind nginx, and the harness's own machinery to measure it."""
    folder: Path = tmp_path_factory.mktemp("bench")
    with bench_in(folder) as found:
        yield found
