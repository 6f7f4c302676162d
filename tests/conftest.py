"""What the tests share: a seeded database, both apps in this process, and real stacks behind nginx."""

from __future__ import annotations

import userdb.sqlite_driver  # noqa: F401  # isort: skip  # first of all, before anything imports sqlite3

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import asgi_app.app
import wsgi_app.app
from tests.clients import AsgiClient, Client, WsgiClient
from userdb.database import whole
from userdb.settings import Settings, from_environment

USERS = 300
"""Users in the seeded database of the tests; ids 1 to 300, user 1 is admin."""

APPS = ["wsgi", "asgi"]


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A snapshot of a database with USERS users."""
    folder = tmp_path_factory.mktemp("seeded")
    settings = settings_for(folder / "first.db")
    whole.seed(settings, USERS)
    whole.snapshot(settings, folder / "snapshot.db")
    return folder / "snapshot.db"


def settings_for(file: Path, **more: str) -> Settings:
    """Settings of an app on the SQLite file."""
    return from_environment({"DATABASE_URL": f"sqlite:///{file}", **more})


@pytest.fixture
def database(seeded: Path, tmp_path: Path) -> Path:
    """A database of this test's own."""
    return Path(shutil.copyfile(seeded, tmp_path / "users.db"))


@pytest.fixture(params=APPS)
def client(request: pytest.FixtureRequest, database: Path) -> Iterator[Client]:
    """Each app in turn, in this process."""
    with in_process(request.param, settings_for(database)) as client:
        yield client


class in_process:  # noqa: N801  # reads as a verb where it is used
    """One of the apps in this process, its connections closed at the end."""

    def __init__(self, app: str, settings: Settings) -> None:
        self.app, self.settings = app, settings

    def __enter__(self) -> Client:
        if self.app == "asgi":
            self.asgi = AsgiClient(asgi_app.app.create_app(self.settings))
            return self.asgi.__enter__()
        self.wsgi = wsgi_app.app.create_app(self.settings)
        return WsgiClient(self.wsgi)

    def __exit__(self, *exception: object) -> None:
        if self.app == "asgi":
            self.asgi.__exit__(*exception)
        else:
            self.wsgi.extensions["news"].close()
            self.wsgi.extensions["store"].close()
