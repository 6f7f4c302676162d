"""The server's side of ASGI in this process: start and stop as the protocol has them, and a client on the same event loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

# httpx warns of nothing here: Starlette's own test client, which prefers httpx2, is not used.
import httpx
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from asgi_app.app import create_app
from tests.support.waiting import PATIENCE
from userdb.settings import Settings


class FailedStartError(Exception):
    """The app did not start; the message is its own."""


class Lifespan:
    """An app from start to stop: https://asgi.readthedocs.io/en/latest/specs/lifespan.html."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._state: dict[str, Any] = {}
        self._told, self._heard = asyncio.Queue[Message](), asyncio.Queue[Message]()

    async def start(self) -> None:
        """Start the app. Raises FailedStartError."""
        scope = {"type": "lifespan", "asgi": {"version": "3.0"}, "state": self._state}
        self._task = asyncio.create_task(self._run(scope))
        answer = await self._ask("lifespan.startup")
        if answer["type"] != "lifespan.startup.complete":
            await self._task
            raise FailedStartError(answer["message"])

    async def stop(self) -> None:
        """Stop it."""
        answer = await self._ask("lifespan.shutdown")
        assert answer["type"] == "lifespan.shutdown.complete", answer
        await self._task

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A request, which has what the start left."""
        await self._app({**scope, "state": dict(self._state)}, receive, send)

    async def _run(self, scope: Scope) -> None:
        try:
            await self._app(scope, self._told.get, self._heard.put)
        except Exception:  # it was told already, in the message
            assert not self._heard.empty()

    async def _ask(self, what: str) -> Message:
        await self._told.put({"type": what})
        return await asyncio.wait_for(self._heard.get(), PATIENCE)


@asynccontextmanager
async def started(settings: Settings, *, raises: bool = True) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the app, which stops at the end; a fault of the app is raised here, or only answered."""
    lifespan = Lifespan(create_app(settings))
    await lifespan.start()
    try:
        transport = httpx.ASGITransport(lifespan, raise_app_exceptions=raises)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            yield client
    finally:
        await lifespan.stop()


async def gone(task: asyncio.Task[httpx.Response]) -> bool:
    """Whether the task ends because it was cancelled."""
    await asyncio.wait([task], timeout=PATIENCE)
    return task.cancelled()
