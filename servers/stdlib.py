"""The standard library's own web server: `python -m servers.stdlib PORT`. A thread for each connection, without bound."""

from __future__ import annotations

import sys
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from servers.bare import answered


class Handler(BaseHTTPRequestHandler):
    """Answers one request of a connection."""

    def do_GET(self) -> None:
        """Answer as the bare callables do."""
        path, _, query = self.path.partition("?")
        answer = answered(self.command, path, query.encode("latin-1"), self.headers.get("X-Request-ID", "-"))
        self.send_response(answer.status, HTTPStatus(answer.status).phrase)
        for name, value in answer.headers:
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    do_HEAD = do_OPTIONS = do_POST = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815  # names that the library looks for

    def log_message(self, format: str, *values: object) -> None:
        """Log no requests."""


class Server(ThreadingHTTPServer):
    """Lets as many connections wait as other servers do: with its default of 5, most of 64 at once repeat their SYN after 1 s."""

    request_queue_size = 1024


if __name__ == "__main__":
    Server(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
