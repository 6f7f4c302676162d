"""Routing for plain functions under Starlette: which view has which path."""

from __future__ import annotations

from collections.abc import Callable

from starlette.routing import Route

from asgi_app.http import refuse_odd_path
from asgi_app.routing import METHODS
from userdb import errors, wire

from .http import Request, Response, respond

View = Callable[[Request], wire.Answer]


def resource(path: str, views: dict[str, View]) -> Route:
    """Route a path to one view per method, which Starlette runs in a thread; HEAD is GET, OPTIONS says what there is."""
    allow = ", ".join(sorted({*views, "OPTIONS"} | ({"HEAD"} if "GET" in views else set())))

    def dispatch(request: Request) -> Response:
        refuse_odd_path(request)
        view = views.get("GET" if request.method == "HEAD" else request.method)
        if view is not None:
            return respond(view(request))
        if request.method == "OPTIONS":
            return respond(wire.options(allow))
        raise errors.MethodNotAllowed(allow)

    return Route(path, dispatch, methods=METHODS)
