"""HTTP servers of a test's own, in this process: a handler says what is answered, and nothing is logged."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

NONE: Mapping[str, str] = {}


class Handler(BaseHTTPRequestHandler):
    """Answers on connections that stay: `get` says what, and `post` where that differs."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        """One request."""
        self.get()

    def do_POST(self) -> None:
        """One request."""
        self.post()

    def get(self) -> None:
        """Answer it; who has no answer of its own says so, as http.server does."""
        self.answer(501, b"")

    def post(self) -> None:
        """Answer it, as if it were a GET unless a handler knows better."""
        self.get()

    def answer(self, status: int, body: bytes, headers: Mapping[str, str] = NONE) -> None:
        """Send a whole answer."""
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *values: object) -> None:
        """Nothing."""


class Server(ThreadingHTTPServer):
    """Serves as many at once as come, on a free port."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, handler: type[BaseHTTPRequestHandler]) -> None:
        super().__init__(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.thread = threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True)

    def handle_error(self, *values: Any) -> None:
        """Tell what went wrong, unless it is that a client has left."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(*values)


@contextmanager
def serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[Server]:
    """Such a server; at the end it takes no more connections."""
    with Server(handler) as server:
        server.thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            server.thread.join()
