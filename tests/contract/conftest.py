"""Where the tests of races ask: each app, or both at once, with the database behind it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.contract.places import Place
from tests.support.accounts import KEY
from tests.support.apps import APPS, STORES, cheap_passwords, in_process
from tests.support.clients import HttpClient
from tests.support.scheduling import FAR, NEAR
from tests.support.stacks import STACKS
from userdb.settings import from_environment


@contextmanager
def near(apps: list[str], store: str, url: str) -> Iterator[Place]:
    """These apps in this process, on one database."""
    settings = from_environment({"DATABASE_URL": url, "SESSION_KEYS": KEY, "STORE": store})
    with cheap_passwords(), ExitStack() as exits:
        yield Place([exits.enter_context(in_process(app, settings)) for app in apps], url)


def database_url(request: pytest.FixtureRequest, name: str, folder: Path) -> str:
    """A seeded database of this kind."""
    if name == "PostgreSQL":
        return str(request.getfixturevalue("postgresql_url"))
    return f"sqlite:///{shutil.copyfile(request.getfixturevalue('seeded'), folder / 'users.db')}"


@pytest.fixture(scope="module", params=[*NEAR, *(pytest.param(name, marks=pytest.mark.processes) for name in FAR)])
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Each app on each database, and each stack."""
    if request.param in STACKS:
        port = request.getfixturevalue("stack")(request.param).port
        file = request.getfixturevalue("stacks_folder") / request.param / "users.db"
        yield Place([HttpClient("127.0.0.1", port)], f"sqlite:///{file}")
        return
    app, store, _, database = request.param.split()
    with near([app], store, database_url(request, database, tmp_path_factory.mktemp("races"))) as found:
        yield found


BOTH = [
    "engine on SQLite",
    "direct on SQLite",
    *(pytest.param(f"{store} on PostgreSQL", marks=pytest.mark.processes) for store in STORES),
]


@pytest.fixture(scope="module", params=BOTH)
def both(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Both apps on one database, of each kind."""
    store, _, database = request.param.split()
    with near(APPS, store, database_url(request, database, tmp_path_factory.mktemp("races"))) as found:
        yield found


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    """Those who ask at once."""
    with ThreadPoolExecutor(8) as found:
        yield found
