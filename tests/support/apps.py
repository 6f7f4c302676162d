"""The two apps in this process."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Literal

import pytest
from argon2 import PasswordHasher

import asgi_app.app
import wsgi_app.app
from tests.support.accounts import KEY
from tests.support.clients import AsgiClient, Client, WsgiClient
from userdb import memory, passwords
from userdb.settings import Settings, from_environment

APPS = ["wsgi", "asgi"]
STORES = ["engine", "direct"]

USERS = 300
"""Users in the seeded database of the tests; ids 1 to 300, user 1 is admin."""


def settings_for(file: Path, **more: str) -> Settings:
    """Settings of an app on the SQLite file, with the store that STORE names."""
    store = os.environ.get("STORE", "")
    return from_environment({"DATABASE_URL": f"sqlite:///{file}", "SESSION_KEYS": KEY, "STORE": store, **more})


@contextmanager
def in_process(app: str, settings: Settings) -> Iterator[Client]:
    """One of the apps in this process, its connections closed at the end."""
    if app == "asgi":
        with AsgiClient(asgi_app.app.create_app(settings)) as client:
            yield client
        return
    wsgi = wsgi_app.app.create_app(settings)
    try:
        yield WsgiClient(wsgi)
    finally:
        wsgi.extensions["services"].news.close()
        wsgi.extensions["services"].store.close()
        memory.unsettle()


class Cheap(PasswordHasher):
    """Hashes and verifies for next to nothing; hashes that stand in the code are taken for cheap ones of the same passwords."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=8, parallelism=1)
        self._cheap = {passwords.SEEDED_HASH: self.hash(passwords.SEEDED), passwords._NOBODY: self.hash("of nobody")}

    def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:
        """Verify a hash, or the cheap one in its place."""
        return super().verify(self._cheap.get(str(hash), hash), password)


@contextmanager
def both_in_process(settings: Settings) -> Iterator[list[Client]]:
    """Both of them, in the order of APPS, on one database; passwords cost nothing there."""
    with cheap_passwords(), ExitStack() as exits:
        yield [exits.enter_context(in_process(app, settings)) for app in APPS]


@contextmanager
def cheap_passwords() -> Iterator[None]:
    """Passwords cost next to nothing here; behind nginx they cost what they cost for everybody."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_hasher", Cheap())
        yield
