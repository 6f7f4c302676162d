"""Toy servers in this process, for what nginx does in front of any: each says its name, and what it was told."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections import Counter
from contextlib import suppress

from tests.support.serving import Handler, Server

SLOW = 0.2
"""Seconds that /users/slow takes."""

PRIVATE = {"/users/new": {"Set-Cookie": "session=fresh"}, "/users/secret": {"Cache-Control": "no-store"}}
"""By path, what keeps an answer out of caches."""


class Toy(Server):
    """One of them, on a free port. `go` is what /api/events waits for between its two events."""

    def __init__(self, name: str) -> None:
        super().__init__(Asked)
        self.name = name
        self.asked: Counter[str] = Counter()
        self.go = threading.Event()
        self.connections: list[socket.socket] = []
        self.thread.start()

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


class Asked(Handler):
    """Answers with JSON: who answers and what was asked. To who brings a session, with what is private to it."""

    server: Toy

    def get(self) -> None:
        """One of the answers."""
        self.server.asked[self.path] += 1
        if self.path == "/api/events":
            self._events()
        elif self.path == "/api/events/ws":
            self._echo()
        else:
            self._say()

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
        headers = {"Content-Type": "application/json", **PRIVATE.get(self.path, {})}
        self.answer(200, json.dumps({**told, "headers": dict(self.headers.items())}).encode(), headers)

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
