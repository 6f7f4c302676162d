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
from starlette.routing import BaseRoute, Match, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from userdb import errors, html, logs, metrics, trace, wire
from userdb.forms import LARGEST_BODY, Preconditions
from userdb.nginx_errors import GONE

from .answers import respond
from .services import Services

Argument = TypeVar("Argument")
Result = TypeVar("Result")

View = Callable[[Request], Awaitable[wire.Answer]]

METHODS = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"]

logger = logs.logger("asgi_app")
own_threads = CapacityLimiter(10)


class Noting:
    """What sends an answer, and knows its status: 0 before there is one."""

    def __init__(self, send: Send) -> None:
        self._send, self.status = send, 0

    def __call__(self, message: Message) -> Awaitable[None]:
        self.status = message.get("status", self.status)
        return self._send(message)  # what is awaited, without a coroutine of its own around it


class Counting:
    """Counts every request when its answer is on its way; a fault of ours is a 500."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
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
            await self._app(scope, receive, send)
            return
        began, noting = perf_counter(), Noting(send)
        try:
            await self._app(scope, receive, noting)
        finally:
            own = Request(scope)
            logs.access(
                logger.name, own.method, own.scope["path"], noting.status or 500, perf_counter() - began,
                request_id(own), trace_parent(own),
            )  # fmt: skip


class Endpoint:
    """The views of a path as an ASGI app: what they raise is for the one handler of all."""

    def __init__(self, views: dict[str, View], allow: str) -> None:
        self._views, self._allow = views, allow

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request, method = Request(scope, receive, send), scope["method"]
        refuse_odd_path(request)
        view = self._views.get("GET" if method == "HEAD" else method)
        if view is not None:
            response = respond(await view(request))
        elif method == "OPTIONS":
            response = respond(wire.options(self._allow))
        else:
            raise errors.MethodNotAllowed(self._allow)
        await response(scope, receive, send)


class Pattern(Route):
    """A route whose path holds a parameter: all of them are text, and whichever matches is the one."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether this is the route of a path."""
        found = self.path_regex.match(scope["path"])
        if found is None:
            return Match.NONE, {}
        return Match.FULL, {"endpoint": self.endpoint, "path_params": found.groupdict()}


class Exact(BaseRoute):
    """All routes whose path holds no parameter: found by their path, not tried one after another."""

    def __init__(self, routes: list[Route]) -> None:
        self._routes = {each.path: each for each in routes}

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """The route of this path, if there is one."""
        route = self._routes.get(scope["path"])
        if route is None:
            return Match.NONE, {}
        return Match.FULL, {"endpoint": route.endpoint, "path_params": {}, "route": route}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Go there."""
        await scope["route"].handle(scope, receive, send)


def resources(app: Starlette, paths: dict[str, dict[str, View]]) -> None:
    """Route all paths: those that hold no parameter first, for one that does would take them for a value."""
    routes = [resource(path, views) for path, views in paths.items()]
    exact = Exact([each for each in routes if "{" not in each.path])
    app.router.routes += [exact, *(each for each in routes if "{" in each.path)]


def resource(path: str, views: dict[str, View]) -> Route:
    """Route a path to one view per method; HEAD is GET, OPTIONS says what there is, anything else is 405."""
    allow = ", ".join(sorted({*views, "OPTIONS"} | ({"HEAD"} if "GET" in views else set())))

    return Pattern(path, Endpoint(views, allow), methods=METHODS)


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
    to_thread.current_default_thread_limiter().total_tokens = threads


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
