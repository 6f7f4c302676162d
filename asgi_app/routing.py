"""Routing: which view has which path, and what a path answers by itself. Nothing is left to a default."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.routing import BaseRoute, Match, Route
from starlette.types import Receive, Scope, Send

from userdb import errors, wire

from .answers import respond
from .http import Request, Response, refuse_odd_path

View = Callable[[Request], Awaitable[wire.Answer]]

METHODS = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"]


class Endpoint:
    """A function of a request as an ASGI app: what it raises is for the one handler of all."""

    def __init__(self, dispatch: Callable[[Request], Awaitable[Response]]) -> None:
        self._dispatch = dispatch

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self._dispatch(Request(scope, receive, send))
        await response(scope, receive, send)


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

    async def dispatch(request: Request) -> Response:
        refuse_odd_path(request)
        view = views.get("GET" if request.method == "HEAD" else request.method)
        if view is not None:
            return respond(await view(request))
        if request.method == "OPTIONS":
            return respond(wire.options(allow))
        raise errors.MethodNotAllowed(allow)

    return Route(path, Endpoint(dispatch), methods=METHODS)
