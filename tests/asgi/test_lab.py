"""What the laboratory's routes do to an event loop beside holding it: open connections, and a thread pool that is full."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import httpx
import pytest
import uvicorn

from asgi_app.app import create_app
from tests.asgi.server import started
from tests.support.apps import settings_for
from tests.support.waiting import eventually_async


@pytest.mark.asyncio
async def test_one_that_stays_open_ends_with_its_client_or_with_the_server(
    database: Path, caplog: pytest.LogCaptureFixture
) -> None:
    app = create_app(settings_for(database, LAB="1"))
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, timeout_graceful_shutdown=1))
    serving = asyncio.create_task(server.serve())
    assert await eventually_async(lambda: server.started)
    port = server.servers[0].sockets[0].getsockname()[1]
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=60) as client:
        async with client.stream("GET", "/lab/open?ms=600000") as answer:
            assert await anext(answer.aiter_bytes()) == b"."
            assert len(server.server_state.tasks) == 1
        assert await eventually_async(lambda: not server.server_state.tasks)
        async with client.stream("GET", "/lab/open?ms=600000") as answer:
            pieces = answer.aiter_bytes()
            assert await anext(pieces) == b"."
            server.should_exit = True
            assert [piece async for piece in pieces] == []  # whole: its end was sent
    await serving
    assert [record for record in caplog.records if record.exc_info and record.levelno >= logging.ERROR] == []


@pytest.mark.asyncio
async def test_a_full_pool_starves_who_needs_a_thread_and_nobody_else(database: Path) -> None:
    async with started(settings_for(database, LAB="1", POOL_THREADS="2")) as client:
        ended: list[str] = []

        async def ask(name: str, path: str) -> None:
            assert (await client.get(path)).status_code == 200
            ended.append(name)

        full = [asyncio.create_task(ask("sleeper", "/lab/sleep-in-thread?ms=700")) for _ in range(2)]
        await asyncio.sleep(0.1)
        others = {
            "in the pool": "/lab/health-in-thread",
            "on the loop": "/healthz",
            "own": "/lab/sleep-in-own-threads?ms=1",
        }
        await asyncio.gather(*full, *(ask(name, path) for name, path in others.items()))
    assert set(ended[:2]) == {"on the loop", "own"}
    assert "sleeper" in ended[: ended.index("in the pool")]
