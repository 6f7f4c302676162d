"""Toy servers in this process, for what nginx does in front of any: each says its name, and what it was told."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections import Counter
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SLOW = 0.2
"""Seconds that /users/slow takes."""


class Toy(ThreadingHTTPServer):
    """One of them, on a free port. `go` is what /api/events waits for between its two events."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, name: str) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.name = name
        self.asked: Counter[str] = Counter()
        self.go = threading.Event()
        self.connections: list[socket.socket] = []
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    def process_request(self, request: socket.socket, client_address: object) -> None:  # type: ignore[override]  # no datagrams
        """Serve a connection, and remember it."""
        self.connections.append(request)
        super().process_request(request, client_address)

    def kill(self) -> None:
        """Take no more connections, and end those that there are."""
        self.shutdown()
        self.server_close()
        for each in self.connections:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)


class Handler(BaseHTTPRequestHandler):
    """Answers with JSON: who answers and what was asked. To who brings a session, with what is private to it."""

    server: Toy
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        """One of the answers."""
        self.server.asked[self.path] += 1
        if self.path == "/api/events":
            self._events()
        elif self.path == "/api/events/ws":
            self._echo()
        else:
            self._say()

    do_POST = do_GET  # noqa: N815  # http.server calls it so

    def _say(self) -> None:
        if self.path == "/users/slow":
            time.sleep(SLOW)
        visitor = self.headers.get("Cookie") or self.headers.get("Authorization") or "nobody"
        told = {
            "server": self.server.name,
            "path": self.path,
            "visitor": visitor,
            "number": self.server.asked[self.path],
        }
        self._answer(json.dumps({**told, "headers": dict(self.headers.items())}).encode())

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if self.path == "/users/new":
            self.send_header("Set-Cookie", "session=fresh")
        if self.path == "/users/secret":
            self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)

    def _events(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(b"id: 1\ndata: first\n\n")
        self.server.go.wait(60)
        self.wfile.write(b"id: 2\ndata: second\n\n")

    def _echo(self) -> None:
        """Say what came of the handshake, and give back ten bytes."""
        self.send_response(101)
        self.send_header("Upgrade", self.headers.get("Upgrade", "none"))
        self.send_header("Connection", self.headers.get("Connection", "none"))
        self.end_headers()
        self.wfile.write(self.rfile.read(10))
        self.close_connection = True

    def log_message(self, format: str, *arguments: object) -> None:
        """Nothing."""
