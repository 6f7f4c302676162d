"""What the two bare callables answer: `/healthz`, `/api/add`, and 404; the same bytes as the apps, without a framework.

Parsing and rendering are the apps' own functions (userdb), so that what is left out is the framework alone.
"""

from __future__ import annotations

from userdb import errors, html, urls, wire
from userdb.wire import Answer


def answered(method: str, path: str, query: bytes, request_id: str) -> Answer:
    """The answer to one request."""
    try:
        return _answer(method, path, query)
    except errors.Problem as problem:
        return html.error(problem, path, request_id)


def _answer(method: str, path: str, query: bytes) -> Answer:
    if path not in ("/healthz", "/api/add"):
        raise errors.NotFound()
    if method == "OPTIONS":
        return wire.options("GET, HEAD, OPTIONS")
    if method not in ("GET", "HEAD"):
        raise errors.MethodNotAllowed("GET, HEAD, OPTIONS")
    return wire.healthy() if path == "/healthz" else wire.total(urls.summands(query))
