"""One way to ask an app, whether it is in this process or a stack behind nginx."""

from __future__ import annotations

import http.client
from typing import Any, Protocol, Self

import flask
from starlette.applications import Starlette
from starlette.testclient import TestClient
from werkzeug.test import Client as WerkzeugClient

from tests.support.answers import Answer

Headers = dict[str, str]


class Client(Protocol):
    """Sends one request and returns the answer; follows no redirect."""

    def request(self, method: str, target: str, headers: Headers | None = None, body: bytes = b"") -> Answer: ...


class WsgiClient:
    """The Flask app in this process."""

    def __init__(self, app: flask.Flask) -> None:
        self.client = WerkzeugClient(app, use_cookies=False)

    def request(self, method: str, target: str, headers: Headers | None = None, body: bytes = b"") -> Answer:
        path, _, query = target.partition("?")
        found = self.client.open(path, method=method, query_string=query, headers=headers, data=body or None)
        return Answer(found.status_code, list(found.headers), found.data)


class AsgiClient:
    """The Starlette app in this process; a context manager, because the app opens its connections when it starts."""

    def __init__(self, app: Starlette) -> None:
        self.client = TestClient(app, raise_server_exceptions=False, follow_redirects=False)

    def __enter__(self) -> Self:
        self.client.__enter__()
        return self

    def __exit__(self, *exception: Any) -> None:
        self.client.__exit__(*exception)

    def request(self, method: str, target: str, headers: Headers | None = None, body: bytes = b"") -> Answer:
        self.client.cookies.clear()  # each request brings its own, or none
        found = self.client.request(method, target, headers=headers, content=body)
        return Answer(
            found.status_code, [(name.decode(), value.decode()) for name, value in found.headers.raw], found.content
        )


class HttpClient:
    """A stack behind nginx, over one connection for each request; the target goes out as it is given."""

    def __init__(self, host: str, port: int) -> None:
        self.host, self.port = host, port

    def request(self, method: str, target: str, headers: Headers | None = None, body: bytes = b"") -> Answer:
        connection = http.client.HTTPConnection(self.host, self.port, timeout=30)
        try:
            connection.request(method, target, body=body or None, headers=headers or {})
            found = connection.getresponse()
            return Answer(found.status, found.getheaders(), found.read())
        finally:
            connection.close()
