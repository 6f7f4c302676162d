"""Where a request is cancelled in the middle, what it had is free for the next, and nothing is half done."""

from __future__ import annotations

import userdb.sqlite_driver  # noqa: F401  # isort: skip  # first of all, before anything imports sqlite3

import asyncio
import sqlite3
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from sqlalchemy import text

from asgi_app.app import create_app
from tests.asgi.conftest import Pools
from tests.asgi.server import gone, started
from tests.support.accounts import ADMIN_JSON
from tests.support.apps import settings_for
from tests.support.gate import Gate
from tests.support.headers import JSON
from tests.support.news import Reply, news_service
from tests.support.waiting import PATIENCE, eventually_async
from userdb import passwords, statements


@pytest.mark.asyncio
async def test_in_a_query(
    database: Path, pools: Pools, gate: Gate, hold: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with started(settings_for(database, READ_CONNECTIONS="1")) as client:
        with monkeypatch.context() as patch:
            patch.setattr(statements, "READ", text("SELECT hold()"))
            task = asyncio.create_task(client.get("/api/users/7"))
            assert await eventually_async(lambda: gate.count)
        assert pools.out == 1
        task.cancel()
        gate.open()
        assert await gone(task)
        assert await eventually_async(lambda: pools.out == 0)
        assert (await client.get("/api/users/8")).json()["id"] == 8  # over the same, only connection


@pytest.mark.asyncio
async def test_in_a_transaction(database: Path, store: str, pools: Pools, gate: Gate, hold: None) -> None:
    """The documented store undoes it. The direct one goes on, as others wait for the same commit: nothing is half done."""
    with closing(sqlite3.connect(database, isolation_level=None, timeout=0)) as other:
        [before] = other.execute("SELECT age, version FROM users WHERE id = 7").fetchall()
        after = {"engine": before, "direct": (99, before[1] + 1)}[store]
        other.execute("CREATE TRIGGER slow AFTER UPDATE ON users BEGIN SELECT hold(); END")
        async with started(settings_for(database)) as client:
            task = asyncio.create_task(client.patch("/api/users/7", headers=ADMIN_JSON, content='{"age":99}'))
            assert await eventually_async(lambda: gate.count)  # the row is written and the transaction open
            task.cancel()
            gate.open()
            assert await gone(task)
            assert await eventually_async(lambda: pools.out == 0)
            assert other.execute("SELECT age, version FROM users WHERE id = 7").fetchall() == [after]
            other.execute("BEGIN IMMEDIATE")  # nobody has the lock
            other.execute("ROLLBACK")
            assert (await client.patch("/api/users/7", headers=ADMIN_JSON, content='{"age":98}')).status_code == 200


def behind(gate: Gate) -> Reply:
    """News about one user pass the gate, others come at once."""

    def reply(query: dict[str, str], release: threading.Event) -> tuple[int, bytes]:
        gate.pass_through() if query["user"] == "user0000007" else None
        return 200, b'{"items": []}'

    return reply


@pytest.mark.asyncio
async def test_while_waiting_for_the_news(database: Path, pools: Pools, gate: Gate) -> None:
    with news_service(behind(gate)) as url:
        async with started(settings_for(database, NEWS_URL=url, NEWS_CONNECTIONS="1", NEWS_TIMEOUT="60")) as client:
            task = asyncio.create_task(client.get("/api/users/7/news"))
            assert await eventually_async(lambda: gate.count)
            assert pools.out == 0  # who waits for others keeps nobody from the database
            task.cancel()
            assert await gone(task)
            assert (await client.get("/api/users/8/news")).status_code == 200
            assert gate.standing == 1  # so the only connection was free before the service was through with the first
        gate.open()


@pytest.mark.asyncio
@pytest.mark.parametrize("target", ["/api/users/7/news", "/api/users/7/feed?sources=1"])
async def test_by_a_client_that_hangs_up(target: str, database: Path, gate: Gate) -> None:
    """The wait ends with who waited: the only connection is free for the next before the service is through."""

    with news_service(behind(gate)) as url:
        app = create_app(settings_for(database, NEWS_URL=url, NEWS_CONNECTIONS="1", NEWS_TIMEOUT="60"))
        server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None))
        serving = asyncio.create_task(server.serve())
        assert await eventually_async(lambda: server.started)
        port = server.servers[0].sockets[0].getsockname()[1]
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        assert await eventually_async(lambda: gate.count)
        writer.close()
        async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE) as client:
            answer = await client.get(f"http://127.0.0.1:{port}/api/users/8/news")
        assert (answer.status_code, gate.standing) == (200, 1)
        gate.open()
        server.should_exit = True
        await serving


@pytest.mark.asyncio
async def test_while_a_password_is_looked_at(database: Path, gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    def late(*_: Any) -> bool:
        return bool(gate.pass_through())

    monkeypatch.setattr(passwords, "matches", late)
    logins = [b'{"username":"admin","password":"any"}', b'{"username":"user0000007","password":"any"}']
    async with started(settings_for(database, PASSWORD_WORKERS="1", PASSWORD_QUEUE="1")) as client:
        tasks = [asyncio.create_task(client.post("/api/login", headers=JSON, content=login)) for login in logins]
        assert await eventually_async(lambda: gate.count)
        [task.cancel() for task in tasks]
        gate.open()
        assert [await gone(task) for task in tasks] == [True, True]
        answers = await asyncio.gather(*[client.post("/api/login", headers=JSON, content=login) for login in logins])
        assert [answer.status_code for answer in answers] == [200, 200]
