"""The seam to Starlette: what the views ask of a request, and where it goes. Nothing is left to a default."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from time import perf_counter
from typing import TypeVar, cast

from anyio import CapacityLimiter, to_thread
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request as Request
from starlette.responses import Response as Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from userdb import errors, html, logs, metrics, sockets, trace
from userdb.forms import LARGEST_BODY, Preconditions
from userdb.nginx_errors import GONE
from userdb.pools import State, of_seams

from .answers import respond
from .services import Services
from .sockets import HOLDS_SOCKETS

Argument = TypeVar("Argument")
Result = TypeVar("Result")

logger = logs.logger("asgi_app")
own_threads = CapacityLimiter(10)


class Noting:
    """What sends an answer, and knows its status: 0 before there is one."""

    def __init__(self, send: Send) -> None:
        self._send, self.status = send, 0

    def __call__(self, message: Message) -> Awaitable[None]:
        self.status = message.get("status", self.status)
        return self._send(message)  # what is awaited, without a coroutine of its own around it


def as_request(scope: Scope, send: Send) -> tuple[Scope, Send]:
    """A request for a WebSocket as one like any other: it may be refused like any other, and then its connection is closed."""

    def told(message: Message) -> Awaitable[None]:
        if message["type"].startswith("http."):
            message = {**message, "type": f"websocket.{message['type']}"}
        if "status" in message and message["type"] != "websocket.accept":
            message["headers"] = [*message["headers"], (b"connection", b"close")]
        return send(message)

    return {**scope, "type": "http", "method": "GET"}, told


class Counting:
    """Counts every request when its answer is on its way; a fault of ours is a 500."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            if scope["type"] != "websocket":
                await self._app(scope, receive, send)
                return
            scope, send = as_request(scope, send)
        began, noting = perf_counter(), Noting(send)
        try:
            await self._app(scope, receive, noting)
        except asyncio.CancelledError:
            # The server ends, and waits no longer: nobody is there any more, as nginx says of a server that was killed.
            if not noting.status:
                headers = [(b"content-length", b"0"), (b"x-accel-redirect", GONE.encode())]
                await noting({"type": "http.response.start", "status": 502, "headers": headers})
                await noting({"type": "http.response.body"})
            raise
        finally:
            route = getattr(scope.get("route"), "path", None)
            metrics.request(scope["method"], route, noting.status or 500, perf_counter() - began)


class AccessLog:
    """Logs every request when its answer is on its way, where that is asked for."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            if scope["type"] != "websocket":
                await self._app(scope, receive, send)
                return
            scope, send = as_request(scope, send)
        began, noting = perf_counter(), Noting(send)
        try:
            await self._app(scope, receive, noting)
        finally:
            own = Request(scope)
            logs.access(
                logger.name, own.method, own.scope["path"], noting.status or 500, perf_counter() - began,
                request_id(own), trace_parent(own),
            )  # fmt: skip


def services(request: Request) -> Services:
    """What this process has for every request."""
    own: Services = request.scope["state"]["services"]
    return own


def path_value(request: Request, name: str) -> str:
    """A part of the path, decoded."""
    value: str = request.scope["path_params"][name]
    return value


def query(request: Request) -> bytes:
    """The query string as it came."""
    value: bytes = request.scope["query_string"]
    return value


def header(request: Request, name: str) -> str | None:
    """A header, joined by commas where it came more than once."""
    wanted = name.lower().encode()
    values = [value for each, value in request.scope["headers"] if each == wanted]
    return b",".join(values).decode("latin-1") if values else None


def socket_key(request: Request) -> str:
    """The key of who asks for a WebSocket. Raises UpgradeRequired, BadRequest, and Unsupported where the server holds none."""
    upgrade = header(request, "Upgrade") if request.method == "GET" else None
    key = header(request, "Sec-WebSocket-Key")
    fault = sockets.fault(upgrade, header(request, "Sec-WebSocket-Version"), key)
    if fault is not None:
        raise fault
    if not request.scope["state"].get(HOLDS_SOCKETS):
        raise errors.Unsupported()
    return key or ""


def preconditions(request: Request) -> Preconditions:
    """What the client makes its change depend on."""
    return Preconditions(header(request, "If-Match"), header(request, "If-None-Match"))


async def body(request: Request, most: int = LARGEST_BODY) -> bytes:
    """The whole body. Raises TooLarge beyond so many bytes."""
    # Starlette's own limit (max_body_size) answers in its own words instead of raising.
    data = bytearray()
    async for chunk in request.stream():
        data += chunk
        if len(data) > most:
            raise errors.TooLarge()
    return bytes(data)


async def while_listened(request: Request, call: Awaitable[Result]) -> Result:
    """The result of a call that the client waits for. Raises HungUp where it waits no longer: then the call is cancelled."""
    own, gone = cast(asyncio.Task[object], asyncio.current_task()), False

    async def watch() -> None:
        nonlocal gone
        while (await request.receive())["type"] != "http.disconnect":
            pass
        gone = True
        own.cancel()

    watcher = asyncio.create_task(watch())
    try:
        return await call
    except asyncio.CancelledError:
        if gone and own.uncancel() == 0:  # else the server ends, too
            raise errors.HungUp() from None
        raise
    finally:
        watcher.cancel()


async def run_in_thread(call: Callable[[Argument], Result], argument: Argument) -> Result:
    """Run a blocking call where it holds up no other request."""
    return await to_thread.run_sync(call, argument)


async def run_in_own_thread(call: Callable[[Argument], Result], argument: Argument) -> Result:
    """The same in one of a few threads that nobody else waits for."""
    return await to_thread.run_sync(call, argument, limiter=own_threads)


def resize_pool(threads: int) -> None:
    """Have so many threads for blocking calls."""
    limiter = to_thread.current_default_thread_limiter()
    limiter.total_tokens = threads

    def state() -> State:
        found = limiter.statistics()
        return State(found.borrowed_tokens, threads - found.borrowed_tokens, found.tasks_waiting, threads)

    of_seams["threads"] = state


async def pause(seconds: float) -> None:
    """Wait so long, or only let others go on, and hold up no other request."""
    await asyncio.sleep(seconds)


def refuse_odd_path(request: Request) -> None:
    """Neither `//users` nor `/users%0A` is `/users`, whatever the router takes for the same."""
    if request.scope["path"].endswith("\n"):
        request.scope["route"] = None  # nor is it counted as that route
        raise errors.NotFound()


def request_id(request: Request) -> str:
    """What nginx calls this request."""
    return header(request, "X-Request-ID") or "-"


def trace_parent(request: Request) -> str | None:
    """The trace that it belongs to, if it says so."""
    return trace.parent(header(request, trace.HEADER))


async def on_problem(request: Request, error: errors.Problem) -> Response:
    """What one of our own errors tells the client."""
    logs.problem(logger, error, request_id(request), trace_parent(request))
    return respond(html.error(error, request.scope["path"], request_id(request)))


async def on_http_exception(request: Request, error: HTTPException) -> Response:
    """The same for an error of the framework; its 405 means a method that no path knows."""
    return await on_problem(request, errors.of_status(501 if error.status_code == 405 else error.status_code))


async def on_exception(request: Request, error: Exception) -> Response:
    """The same for a fault of ours: logged in full, shown to nobody."""
    logs.fault(logger, error, request_id(request), trace_parent(request))
    return await on_problem(request, errors.Internal())


def install(app: Starlette) -> None:
    """Give the app our rules instead of the framework's."""
    app.router.redirect_slashes = False
    app.add_middleware(Counting)
    app.add_exception_handler(errors.Problem, on_problem)  # type: ignore[arg-type]  # it is called with this error alone
    app.add_exception_handler(HTTPException, on_http_exception)  # type: ignore[arg-type]  # the same
    app.add_exception_handler(Exception, on_exception)
