"""A news service of a test's own, that answers as the test says."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

Reply = Callable[[dict[str, str], threading.Event], tuple[int, bytes]]
"""From what is asked for (`user`, and the number of a `source` where one is named) and an event that ends all waiting, to
status and body."""


@contextmanager
def news_service(reply: Reply) -> Iterator[str]:
    """Serve it on a port of its own; gives its URL."""
    release = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # the name that the library asks for
            status, body = reply(dict(parse_qsl(urlsplit(self.path).query)), release)
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *values: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/news"
    finally:
        release.set()
        server.shutdown()
        thread.join()
        server.server_close()


def always(status: int, body: bytes, delay: float = 0.0) -> Reply:
    """The same answer to everything, after some seconds."""

    def reply(query: dict[str, str], release: threading.Event) -> tuple[int, bytes]:
        release.wait(delay)
        return status, body

    return reply
