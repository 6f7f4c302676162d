"""What the tests share: a seeded database, both apps in this process, and real stacks behind nginx."""

from __future__ import annotations

import userdb.sqlite_driver  # noqa: F401  # isort: skip  # first of all, before anything imports sqlite3

import gc
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from sqlalchemy import Engine, event

from tandem.launch import news, newsstub, ports, running_stack
from tandem.launch.running_stack import RunningStack
from tandem.plan import stacks as tandem_stacks
from tests.__main__ import ALONE
from tests.support.accounts import KEY
from tests.support.apps import APPS, STORES, USERS, cheap_passwords, in_process, settings_for
from tests.support.clients import Client, HttpClient
from tests.support.database import Database
from tests.support.news import news_service
from tests.support.postgresql import postgresql_in
from tests.support.scheduling import FAR, LONGEST, NEAR, BySharedFixtures
from tests.support.stacks import STACKS, environment_for, one_cpu
from userdb import logs
from userdb.database import lifecycle
from userdb.settings import from_environment

# How long an example takes says nothing here: the machine may be in use, and whoever is first imports what it needs.
hypothesis.settings.register_profile("tests", deadline=None)
hypothesis.settings.load_profile("tests")

pytest_plugins = ["tests.support.guard", "tests.support.not_run"]


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A snapshot of a database with USERS users."""
    folder = tmp_path_factory.mktemp("seeded")
    settings = settings_for(folder / "first.db")
    lifecycle.seed(settings, USERS)
    lifecycle.snapshot(settings, folder / "snapshot.db")
    return folder / "snapshot.db"


@pytest.fixture
def database(seeded: Path, tmp_path: Path) -> Path:
    """A database of this test's own."""
    return Path(shutil.copyfile(seeded, tmp_path / "users.db"))


@pytest.fixture
def short() -> Iterator[Path]:
    """A folder whose name leaves room for that of a socket, which pytest's doesn't."""
    with tempfile.TemporaryDirectory(prefix="tandem-") as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def processes() -> None:
    """What starts processes asks for this, fixtures and tests: whoever asks for it is no part of `make test-fast`."""


@pytest.fixture(scope="session")
def alone(processes: None) -> None:
    """What measures, or would be disturbed by others, asks for this: while it runs, nothing else does."""


@pytest.fixture(scope="session")
def news_url(processes: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The news stub, which takes 50 ms for an answer."""
    port = ports.free_port()
    with news.stub(port=port, delay=0.05, logs=tmp_path_factory.mktemp("news"), cpus=one_cpu()):
        yield f"http://127.0.0.1:{port}/news"


@pytest.fixture(scope="session")
def stacks_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the built-in stacks have what is theirs, each in a folder of its name."""
    return tmp_path_factory.mktemp("stacks")


@pytest.fixture(scope="session")
def stack(seeded: Path, news_url: str, stacks_folder: Path) -> Iterator[Callable[[str], RunningStack]]:
    """Starts a built-in stack behind nginx, once, each on a database of its own."""
    known = tandem_stacks.load([])
    running: dict[str, RunningStack] = {}
    with ExitStack() as exits:

        def start(name: str) -> RunningStack:
            if name not in running:
                (stacks_folder / name).mkdir()
                place = environment_for(stacks_folder / name, seeded, news_url)
                running[name] = exits.enter_context(running_stack.running(name, known[name], place))
            return running[name]

        yield start


@pytest.fixture(scope="session")
def restore(seeded: Path, stacks_folder: Path) -> Callable[[str], None]:
    """Brings the database of a running built-in stack back to its seed."""

    def restore(name: str) -> None:
        with closing(Database(stacks_folder / name / "users.db", seeded)) as database:
            database.restore()

    return restore


@pytest.fixture
def asgi_url(stack: Callable[[str], RunningStack]) -> str:
    """Where the stack `asgi` answers."""
    return stack("asgi").url


@pytest.fixture(params=STACKS)
def stack_url(request: pytest.FixtureRequest, stack: Callable[[str], RunningStack]) -> str:
    """Where each built-in stack answers, one after another."""
    return stack(request.param).url


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Each store in turn, for all apps that a test makes."""
    monkeypatch.setenv("STORE", request.param)
    return str(request.param)


@pytest.fixture(params=APPS)
def app_client(request: pytest.FixtureRequest, store: str, database: Path) -> Iterator[Client]:
    """Each app in turn with each store, in this process, on a fresh database."""
    with cheap_passwords(), in_process(request.param, settings_for(database)) as client:
        yield client


@pytest.fixture(autouse=True)
def _log_of_its_own() -> None:
    """What other tests have logged counts for nothing: a kind of line that repeats is not written each time."""
    logs.repeats.seen.clear()


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Every statement that any engine executes, or any connection to SQLite by itself."""
    seen: list[str] = []

    class Noting(sqlite3.Connection):
        def execute(self, statement: str, /, *values: Any) -> sqlite3.Cursor:
            seen.append(statement)
            return super().execute(statement, *values)

    def record(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        seen.append(statement)

    event.listen(Engine, "before_cursor_execute", record)
    monkeypatch.setattr(sqlite3, "connect", partial(sqlite3.connect, factory=Noting))
    yield seen
    event.remove(Engine, "before_cursor_execute", record)


@pytest.fixture(params=STACKS)
def stack_client(request: pytest.FixtureRequest, stack: Callable[[str], RunningStack]) -> Client:
    """Each stack in turn, behind nginx; its database goes on from test to test."""
    return HttpClient("127.0.0.1", stack(request.param).port)


@pytest.fixture(scope="session")
def postgresql_url(processes: None) -> Iterator[str]:
    """A PostgreSQL server of the tests' own, with the same seeded users."""
    # Not below pytest's own folder: root's PostgreSQL runs as somebody else, whom the next pytest to start shuts out there.
    with tempfile.TemporaryDirectory(prefix="tandem-tests-", ignore_cleanup_errors=True) as folder:
        yield from postgresql_in(Path(folder))


@pytest.fixture(scope="session")
def near_news_url() -> Iterator[str]:
    """The same news, at once and from this process."""
    with news_service(lambda query, release: (200, newsstub.news(query["user"], query.get("source", "")))) as url:
        yield url


@pytest.fixture(scope="module", params=[*NEAR, *(pytest.param(name, marks=pytest.mark.processes) for name in FAR)])
def client(
    request: pytest.FixtureRequest, seeded: Path, near_news_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Client]:
    """Each app in this process with each store on each database, and stacks behind nginx: one body of tests for all.

    The database goes on from test to test, in this process within a module.
    """
    if request.param in STACKS:
        yield HttpClient("127.0.0.1", request.getfixturevalue("stack")(request.param).port)
        return
    app, store, _, database = request.param.split()
    if database == "PostgreSQL":
        url = request.getfixturevalue("postgresql_url")
        settings = from_environment(
            {"DATABASE_URL": url, "SESSION_KEYS": KEY, "NEWS_URL": near_news_url, "STORE": store}
        )
    else:
        file = shutil.copyfile(seeded, tmp_path_factory.mktemp("client") / "users.db")
        settings = settings_for(file, NEWS_URL=near_news_url, STORE=store)
    with cheap_passwords(), in_process(app, settings) as client:
        yield client


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Collect thousands of tests without looking for garbage among them, nor ever again: they stay until the end anyway."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.freeze()


@pytest.hookimpl(tryfirst=True)  # before anything is left out by its mark
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests by what they use; begin with those that take longest, else all the others would be through and wait for them.

    What starts no process comes last: it is short, and fills up the processors while the last of the others wait.
    """
    for item in items:
        if isinstance(item, pytest.Function):
            for name in {"processes", "alone"} & set(item.fixturenames):
                item.add_marker(name)
        if item.get_closest_marker("alone") and not item.nodeid.startswith(ALONE):
            raise pytest.UsageError(f"{item.nodeid} runs alone: tests/__main__.py, ALONE, must name its file or folder")
    items.sort(key=lambda item: (not item.nodeid.startswith(LONGEST), item.get_closest_marker("processes") is None))


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> BySharedFixtures:
    """Have tests that share something costly run in one process, where they run in several."""
    return BySharedFixtures(config, log)
