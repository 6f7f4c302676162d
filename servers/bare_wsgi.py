"""A WSGI application without a framework: a function of the request's variables and of what begins the answer (PEP 3333)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

from servers.bare import answered


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer one request."""
    method = environ["REQUEST_METHOD"]
    answer = answered(
        method, environ["PATH_INFO"], environ["QUERY_STRING"].encode("latin-1"), environ.get("HTTP_X_REQUEST_ID", "-")
    )
    start_response(f"{answer.status} {HTTPStatus(answer.status).phrase}", list(answer.headers))
    return [] if method == "HEAD" else [answer.body]
