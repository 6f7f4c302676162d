"""A uvicorn on this event loop that is told to stop: what is under way is finished first, or told that nobody is there."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import httpx
import pytest
import uvicorn

from asgi_app.app import create_app
from tests.asgi.conftest import NewsTransport, Pools
from tests.support.apps import settings_for
from tests.support.gate import Gate
from tests.support.news import news_service
from tests.support.waiting import eventually_async
from userdb.nginx_errors import GONE


@pytest.mark.asyncio
@pytest.mark.parametrize("is_in_time", [True, False])
async def test_a_request_under_way(
    is_in_time: bool, database: Path, gate: Gate, pools: Pools, news_clients: list[NewsTransport]
) -> None:
    def reply(query: dict[str, str], release: threading.Event) -> tuple[int, bytes]:
        gate.pass_through()
        return 200, b'{"items": []}'

    with news_service(reply) as url:
        app = create_app(settings_for(database, NEWS_URL=url, NEWS_TIMEOUT="60"))
        grace = 60 if is_in_time else 1
        server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, timeout_graceful_shutdown=grace))
        serving = asyncio.create_task(server.serve())
        assert await eventually_async(lambda: server.started)
        port = server.servers[0].sockets[0].getsockname()[1]
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=60) as client:
            task = asyncio.create_task(client.get("/api/users/7/news"))
            assert await eventually_async(lambda: gate.count)
            server.should_exit = True
            assert await eventually_async(lambda: not server.servers[0].is_serving())
            assert not task.done()
            if is_in_time:
                gate.open()
            answer = await task
        await serving
        gate.open()
    expected = (200, None) if is_in_time else (502, GONE)
    assert (answer.status_code, answer.headers.get("X-Accel-Redirect")) == expected
    assert (pools.open, pools.out) == (0, 0)
    assert [each.is_closed for each in news_clients] == [True]
