"""The event loop of the ASGI app is never held by a call that waits: a detector raises at each that it sees."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from blockbuster import BlockBuster, BlockingError, blockbuster_ctx

from tests.asgi.server import started
from tests.support.accounts import ADMIN_JSON
from tests.support.apps import settings_for
from tests.support.everything import REQUESTS
from tests.support.gate import Gate
from tests.support.headers import JSON
from tests.support.waiting import eventually_async
from userdb import ending, events, passwords, wire


@pytest_asyncio.fixture
async def client(database: Path, store: str, near_news_url: str) -> AsyncIterator[httpx.AsyncClient]:
    """The ASGI app with each store, its connections open before the detector looks."""
    async with started(settings_for(database, NEWS_URL=near_news_url, PASSWORD_WORKERS="2"), raises=False) as client:
        for number in range(2):  # what is done at the first call of all is no part of it: imports, compiled statements
            await client.get(f"/api/users/{number + 1}")
        yield client


@pytest.fixture
def detector() -> Iterator[BlockBuster]:
    """Raises BlockingError in whatever waits while an event loop runs in its thread."""
    with blockbuster_ctx() as found:
        yield found


@pytest.mark.asyncio
async def test_nothing_that_the_app_does_holds_the_loop(client: httpx.AsyncClient, detector: BlockBuster) -> None:
    found = []
    for method, target, headers, body, _ in REQUESTS:
        client.cookies.clear()  # each request brings its own, or none
        answer = await client.request(method, target, headers=headers, content=body)
        found.append((method, target, answer.status_code))
    assert found == [(method, target, status) for method, target, _, _, status in REQUESTS]


@pytest.mark.asyncio
async def test_nor_does_who_listens(
    client: httpx.AsyncClient, detector: BlockBuster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It looks twice for what has been done, and is heard of once beside that."""
    looks = iter([False, False, True])
    monkeypatch.setattr(ending, "is_near", lambda: next(looks))
    monkeypatch.setattr(events, "SILENCE", 0.0)
    answer = await client.get("/api/events")
    assert (answer.status_code, answer.text) == (200, "retry: 1000\nid: 0\n\n:\n\n:\n\n")


@pytest.mark.asyncio
async def test_the_detector_sees_what_would_hold_it(
    client: httpx.AsyncClient, detector: BlockBuster, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[BaseException] = []

    def waiting(summands: tuple[int, int]) -> None:
        try:
            time.sleep(0.001)
        except BlockingError as error:
            seen.append(error)
            raise

    monkeypatch.setattr(wire, "total", waiting)
    assert (await client.get("/api/add?a=1&b=2")).status_code == 500
    assert len(seen) == 1


@pytest.mark.asyncio
async def test_passwords_are_looked_at_in_another_thread_while_others_are_answered(
    client: httpx.AsyncClient, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The detector does not see what only keeps a CPU busy."""
    threads = []
    usual: dict[str, Callable[..., Any]] = {"matches": passwords.matches, "hashed": passwords.hashed}

    def late(name: str) -> Callable[..., Any]:
        def call(*values: Any) -> Any:
            threads.append(threading.get_ident())
            gate.pass_through()
            return usual[name](*values)

        return call

    for name in usual:
        monkeypatch.setattr(passwords, name, late(name))
    login = client.post("/api/login", headers=JSON, content=b'{"username":"admin","password":"correct-horse"}')
    change = client.patch("/api/users/7", headers=ADMIN_JSON, content=b'{"password":"long enough"}')
    tasks = [asyncio.create_task(login), asyncio.create_task(change)]
    assert await eventually_async(lambda: gate.count == 2)
    for path in ("/healthz", "/api/users/8", "/users"):
        assert (await client.get(path)).status_code == 200
    assert not any(task.done() for task in tasks)
    gate.open()
    assert [(await task).status_code for task in tasks] == [200, 200]
    assert threading.get_ident() not in threads
