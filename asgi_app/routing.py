"""Routing: which view has which path, and what a path answers by itself. Nothing is left to a default."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.routing import BaseRoute, Match, Route
from starlette.types import Receive, Scope, Send

from userdb import errors, wire

from .answers import respond
from .http import Request, refuse_odd_path

View = Callable[[Request], Awaitable[wire.Answer]]

METHODS = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"]


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
