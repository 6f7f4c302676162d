"""Routing: which view has which path, and what a path answers by itself. Nothing is left to a default."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask, request

from userdb import errors, sockets, wire

from .answers import respond
from .http import Request, Response

View = Callable[[Request], wire.Answer]

METHODS = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"]


def resources(app: Flask, paths: dict[str, dict[str, View]]) -> None:
    """Route all paths: those that hold no parameter first, for one that does would take them for a value."""
    for path, views in paths.items():  # its router goes through a tree of their parts
        resource(app, path, views)


def resource(app: Flask, path: str, views: dict[str, View]) -> None:
    """Route a path to one view per method; HEAD is GET, OPTIONS says what there is, anything else is 405."""
    allow = ", ".join(sorted({*views, "OPTIONS"} | ({"HEAD"} if "GET" in views else set())))

    def dispatch(**path_values: str) -> Response:
        own: Request = request._get_current_object()  # type: ignore[attr-defined]  # looked up once, not for each use
        view = views.get("GET" if own.method == "HEAD" else own.method)
        if view is not None:
            return respond(view(own))
        if own.method == "OPTIONS":
            return respond(wire.options(allow))
        raise errors.MethodNotAllowed(allow)

    rule = path.replace("{", "<").replace("}", ">")
    app.add_url_rule(rule, path, dispatch, methods=METHODS, provide_automatic_options=False)
    if path == sockets.PATH:  # Werkzeug has a rule of its own for who asks for a WebSocket
        app.add_url_rule(rule, path, dispatch, methods=["GET"], provide_automatic_options=False, websocket=True)
