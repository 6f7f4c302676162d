"""One stack as the fuzzer asks it: a kept connection, its database, and what it gave."""

from __future__ import annotations

import http.client
import socket
from pathlib import Path

from tests.fuzz.memory import Memory
from tests.support.answers import Answer, mask
from tests.support.database import Database


class Stack:
    """One stack: a kept connection to its nginx, its database, and what it gave."""

    def __init__(self, port: int, file: Path, seeded: Path) -> None:
        self.port = port
        self.database = Database(file, seeded)
        self.memory = Memory()
        self._socket: socket.socket | None = None
        self._reused = False  # whether an answer on this connection said that it stays open
        self.sent = b""  # the request that is on its way, with its placeholders
        self.lost = False  # whether the connection was closed all the same

    def reset(self) -> None:
        """Begin anew: the database as it was seeded, and nothing given yet."""
        self.database.restore()
        self.memory = Memory()

    def send(self, request: bytes) -> None:
        """Send a request, with its placeholders filled in. Raises OSError."""
        self.lost = False
        if self._socket is None:
            self._socket = socket.create_connection(("127.0.0.1", self.port), timeout=30)
        self.sent = request
        self._socket.sendall(self.memory.filled(request))

    def receive(self) -> Answer:
        """Read the answer and remember what it gives. Raises OSError or http.client.HTTPException where there is none."""
        if self._socket is None:
            raise ConnectionError("the request was not sent")
        found = http.client.HTTPResponse(self._socket, method=self.sent.partition(b" ")[0].decode())
        found.begin()
        body, closes = found.read(), found.will_close
        self._reused = True
        if closes:
            self.disconnect()
        self.memory.note(found.headers, body)
        return mask(Answer(found.status, found.getheaders(), body, found.reason))

    def disconnect(self) -> None:
        """Close the connection; the next request opens another."""
        if self._socket is not None:
            self._socket.close()
            self._socket, self._reused = None, False

    def fail(self, error: Exception) -> None:
        """Note that no answer came, and give up the connection."""
        closed = isinstance(error, ConnectionError)  # what RemoteDisconnected is, too; a timeout is not
        self.lost = self._reused and closed
        self.disconnect()

    def close(self) -> None:
        """Close everything."""
        self.disconnect()
        self.database.close()
