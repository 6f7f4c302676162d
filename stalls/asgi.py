"""The ASGI middleware: watches the loop that it is called on, and knows which request each task works for."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from .loop import Loop
from .requests import InFlight, Request, current, header
from .settings import THRESHOLD, Into, sink_of
from .writer import Writer

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


class StallsMiddleware:
    """Pure ASGI; the outermost is the best place. Records go `into` a file or a callable."""

    def __init__(self, app: App, into: Into = "stalls.jsonl", threshold: float = THRESHOLD) -> None:
        self.app = app
        self._threshold = threshold
        self._writer = Writer(sink_of(into))
        self._in_flight = InFlight()
        self._loop: Loop | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if self._loop is None or self._loop.loop is not asyncio.get_running_loop():
            self._loop = Loop(self._writer, self._threshold, self._in_flight)
        if scope["type"] == "lifespan":
            await self._lifespan(scope, receive, send)
        else:
            await self._request(scope, receive, send)

    async def _lifespan(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self.app(scope, receive, send)
        finally:
            self.stop()

    async def _request(self, scope: Scope, receive: Receive, send: Send) -> None:
        task = asyncio.current_task()
        request = Request(header(scope["headers"], b"x-request-id"), lambda: route(scope), time.monotonic())
        token = current.set(request)
        self._in_flight.by_owner[task] = request
        try:
            await self.app(scope, receive, send)
        finally:
            request.ended()
            self._in_flight.by_owner.pop(task, None)
            current.reset(token)

    def stop(self) -> None:
        """End the watch and write what is left: done where the server ends the lifespan."""
        if self._loop is not None:
            self._loop.stop()
            self._loop = None
        self._writer.stop()


def route(scope: Scope) -> str:
    """Method and route; the path where nothing has been routed yet, or by a router that doesn't say."""
    path = getattr(scope.get("route"), "path", None) or scope["path"]
    return f"{scope.get('method', scope['type'])} {path}"
