"""The ASGI middleware: watches the loop that it is called on, and knows which request each task works for."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

from .loop import Loop
from .pools import Pool
from .requests import InFlight, Request, current, header
from .settings import THRESHOLD, Into, sink_of
from .writer import Writer

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


class StallsMiddleware:
    """Pure ASGI; the outermost is the best place. Records go `into` a file or a callable; `pools`: who waits, by name."""

    def __init__(
        self,
        app: App,
        into: Into = "stalls.jsonl",
        threshold: float = THRESHOLD,
        pools: Mapping[str, Callable[[], int]] | None = None,
    ) -> None:
        self.app = app
        self._threshold, self._waiting = threshold, dict(pools or {})
        self._writer = Writer(sink_of(into))
        self._in_flight = InFlight()
        self._loop: Loop | None = None
        self._pools: list[Pool] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if self._loop is None or self._loop.loop is not asyncio.get_running_loop():
            self._start()
        if scope["type"] == "lifespan":
            await self._lifespan(scope, receive, send)
        else:
            await self._request(scope, receive, send)

    def _start(self) -> None:
        """Watch the loop that runs here, and the pools of whoever serves on it."""
        self._loop = Loop(self._writer, self._threshold, self._in_flight)
        for pool in self._pools:
            pool.stop()
        self._pools = [Pool(self._writer, self._threshold, *pool) for pool in self._waiting.items()]
        if (waiting := threads_of_anyio(self._in_flight)) is not None:
            self._pools.append(Pool(self._writer, self._threshold, "threads", waiting, "AnyIO worker thread"))

    async def _lifespan(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self.app(scope, receive, send)
        finally:
            self.stop()

    async def _request(self, scope: Scope, receive: Receive, send: Send) -> None:
        task = asyncio.current_task()
        request = Request(header(scope.get("headers", ()), b"x-request-id"), lambda: route(scope), time.monotonic())
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
        for pool in self._pools:
            pool.stop()
        self._pools = []
        self._writer.stop()


class Threads:
    """The threads of anyio's pool, in which Starlette runs what is not async: how many wait for one, and who has one."""

    def __init__(self, limiter: Any, in_flight: InFlight) -> None:
        self._limiter, self._in_flight = limiter, in_flight

    def __call__(self) -> int:
        """How many wait now."""
        return int(self._limiter.statistics().tasks_waiting)

    def holders(self) -> list[Request]:
        """The requests whose calls run in a thread."""
        found = map(self._in_flight.of_task, self._limiter.statistics().borrowers)
        return [request for request in found if request is not None]


def threads_of_anyio(in_flight: InFlight) -> Threads | None:
    """What counts who waits for a thread of anyio's pool on this loop; None where there is none."""
    module = sys.modules.get("anyio.to_thread")
    return None if module is None else Threads(module.current_default_thread_limiter(), in_flight)


def route(scope: Scope) -> str:
    """Method and route; the path where nothing has been routed yet, or by a router that doesn't say."""
    path = getattr(scope.get("route"), "path", None) or scope["path"]
    return f"{scope.get('method', scope['type'])} {path}"
