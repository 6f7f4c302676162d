"""What the tests of the event loop share: connections that are counted, and a gate where things wait for the test."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import httpx_aiohttp
import pytest
from sqlalchemy import event
from sqlalchemy.pool import Pool

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


class Gate:
    """Where threads wait until the test opens it."""

    def __init__(self) -> None:
        self.count = self.standing = 0  # that have come, that wait here
        self._lock, self._opened = threading.Lock(), threading.Event()

    def pass_through(self) -> int:
        """Wait. Fails where nobody opens it, as when the event loop itself stands here."""
        with self._lock:
            self.count, self.standing = self.count + 1, self.standing + 1
        is_opened = self._opened.wait(PATIENCE / 4)
        with self._lock:
            self.standing -= 1
        assert is_opened, "nobody could open the gate meanwhile"
        return 1

    def open(self) -> None:
        """Let all through, also those that come."""
        self._opened.set()


@pytest.fixture
def pools() -> Iterator[Pools]:
    """Counts from here on."""
    found = Pools()
    listeners = {what: _noting(found, what) for what in ("connect", "close", "checkout", "checkin")}
    for what, listener in listeners.items():
        event.listen(Pool, what, listener)
    yield found
    for what, listener in listeners.items():
        event.remove(Pool, what, listener)


def _noting(pools: Pools, what: str) -> Any:
    return lambda *_: pools.note(what)


@pytest.fixture
def news_clients(monkeypatch: pytest.MonkeyPatch) -> list[httpx_aiohttp.HttpxAiohttpClient]:
    """Every client that is made for the news service."""
    made: list[httpx_aiohttp.HttpxAiohttpClient] = []

    class Noted(httpx_aiohttp.HttpxAiohttpClient):
        def __init__(self, *values: Any, **options: Any) -> None:
            super().__init__(*values, **options)
            made.append(self)

    monkeypatch.setattr(httpx_aiohttp, "HttpxAiohttpClient", Noted)
    return made


@pytest.fixture
def gate() -> Iterator[Gate]:
    """Open at the end, whatever became of the test."""
    found = Gate()
    yield found
    found.open()


@pytest.fixture
def hold(gate: Gate) -> Iterator[None]:
    """An SQL function `hold()` in every connection, which waits at the gate, in the connection's thread."""

    def add(connection: Any, record: Any) -> None:
        connection.create_function("hold", 0, gate.pass_through)

    event.listen(Pool, "connect", add)
    yield
    event.remove(Pool, "connect", add)
