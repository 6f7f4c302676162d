"""The Flask app for servers that are handed variables and no request line: uWSGI, in any of its protocols, and CGI.

nginx says the path in PATH_INFO as it understands it: decoded, and without dots. The app is to see what came, as it does over
HTTP, so it is taken from REQUEST_URI, as WSGI servers do: decoded into bytes, which are spelled as latin-1 (PEP 3333).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import unquote_to_bytes

from wsgi_app import app

WSGI = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def as_it_came(inner: WSGI) -> WSGI:
    """The app, which sees the path as it came."""

    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        path = environ["REQUEST_URI"].partition("#")[0].partition("?")[0]
        if not path.startswith("/"):  # the whole URL
            path = "/" + path.partition("://")[2].partition("/")[2]
        environ["PATH_INFO"] = unquote_to_bytes(path).decode("latin-1")
        return inner(environ, start_response)

    return application


application = as_it_came(app.create_app())
