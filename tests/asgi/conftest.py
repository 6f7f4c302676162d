"""What the tests of the event loop share: connections that are counted, and a gate where things wait for the test."""

from __future__ import annotations

import userdb.sqlite_driver  # noqa: F401  # isort: skip  # first of all, before anything imports sqlite3

import sqlite3
from collections.abc import Callable, Iterator
from typing import Any

import aiohttp
import httpx_aiohttp
import pytest
from sqlalchemy import event
from sqlalchemy.pool import Pool

from asgi_app.stores import sqlite
from tests.support.gate import Gate
from tests.support.waiting import PATIENCE


class Pools:
    """The connections of all pools."""

    def __init__(self) -> None:
        self.open = 0
        self.out = self.most_out = 0  # that somebody has just now, that somebody had together

    def note(self, what: str) -> None:
        """One more of these."""
        self.open += {"connect": 1, "close": -1}.get(what, 0)
        self.out += {"checkout": 1, "checkin": -1}.get(what, 0)
        self.most_out = max(self.most_out, self.out)


@pytest.fixture
def pools(store: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pools]:
    """Counts from here on, in each store."""
    found = Pools()
    listeners = {what: _noting(found, what) for what in ("connect", "close", "checkout", "checkin")}
    for what, listener in listeners.items():
        event.listen(Pool, what, listener)
    if store == "direct":
        _count_directly(found, monkeypatch)
    yield found
    for what, listener in listeners.items():
        event.remove(Pool, what, listener)


def _count_directly(pools: Pools, monkeypatch: pytest.MonkeyPatch) -> None:
    """Count the connections that the direct store has, and the units that are waited for."""

    class Counted(sqlite.Connection):
        def __init__(self, *values: Any, **options: Any) -> None:
            super().__init__(*values, **options)
            pools.note("connect")

        async def run(self, call: Callable[[sqlite3.Connection], Any]) -> Any:
            pools.note("checkout")
            try:
                return await super().run(call)
            finally:
                pools.note("checkin")

        async def close(self) -> None:
            pools.note("close")
            await super().close()

    monkeypatch.setattr(sqlite, "Connection", Counted)


def _noting(pools: Pools, what: str) -> Any:
    return lambda *_: pools.note(what)


class NewsTransport(httpx_aiohttp.AiohttpTransport):
    """The client of the news service, which knows whether it was closed."""

    is_closed = False

    async def aclose(self) -> None:
        await super().aclose()
        assert not isinstance(self.client, aiohttp.ClientSession) or self.client.closed
        self.is_closed = True


@pytest.fixture
def news_clients(monkeypatch: pytest.MonkeyPatch) -> list[NewsTransport]:
    """Every client that is made for the news service."""
    made: list[NewsTransport] = []

    class Noted(NewsTransport):
        def __init__(self, *values: Any, **options: Any) -> None:
            super().__init__(*values, **options)
            made.append(self)

    monkeypatch.setattr(httpx_aiohttp, "AiohttpTransport", Noted)
    return made


@pytest.fixture
def gate() -> Iterator[Gate]:
    """Open at the end, whatever became of the test."""
    found = Gate(PATIENCE / 4)  # so that whoever waits for the loop finds out before its own time is over
    yield found
    found.open()


@pytest.fixture
def hold(gate: Gate, store: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An SQL function `hold()` in every connection, which waits at the gate, in the connection's thread."""

    def add(connection: Any, record: Any) -> None:
        connection.create_function("hold", 0, gate.pass_through)

    def connect(*values: Any, **options: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = connect_alone(*values, **options)
        add(connection, None)
        return connection

    event.listen(Pool, "connect", add)
    connect_alone = sqlite3.connect
    if store == "direct":
        monkeypatch.setattr(sqlite3, "connect", connect)
    yield
    event.remove(Pool, "connect", add)
