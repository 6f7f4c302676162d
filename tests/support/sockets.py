"""A client of a WebSocket that can misbehave: frames as bytes (RFC 6455, 5.2), by no library that would rather not."""

from __future__ import annotations

import json
import socket
import struct
from types import TracebackType
from typing import Any, BinaryIO, Self

from userdb.sockets import PATH, Ending

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
KEY, ACCEPT = "dGhlIHNhbXBsZSBub25jZQ==", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
"""A key and what accepts it, of RFC 6455, 1.3."""
UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": KEY,
}

BOUND = 60.0
"""Seconds in which anything must have come; far more than it takes."""


def frame(kind: int, data: bytes = b"", *, mask: bool = True, length: int | None = None) -> bytes:
    """A frame, the last of its message; with a mask of zeros, as clients must have one. `length` is what it claims to have."""
    size = len(data) if length is None else length
    sizes = (
        bytes([size])
        if size < 126
        else struct.pack("!BH", 126, size)
        if size < 2**16
        else struct.pack("!BQ", 127, size)
    )
    return bytes([0x80 | kind, sizes[0] | 0x80 * mask]) + sizes[1:] + bytes(4) * mask + data


class Listener:
    """One connection, of which the head of the answer has come."""

    def __init__(self, port: int, query: str = "", **headers: str) -> None:
        named = {"Host": "localhost", **UPGRADE, **{name.replace("_", "-"): value for name, value in headers.items()}}
        self.socket = socket.create_connection(("127.0.0.1", port), BOUND)
        lines = "".join(f"{name}: {value}\r\n" for name, value in named.items() if value)
        self.socket.sendall(f"GET {PATH}{query} HTTP/1.1\r\n{lines}\r\n".encode())
        self._file: BinaryIO = self.socket.makefile("rb")
        self.head = b""
        while not self.head.endswith(b"\r\n\r\n"):
            byte = self._file.readline()
            assert byte, self.head
            self.head += byte
        self.status = int(self.head.split()[1])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._file.close()
        self.socket.close()

    def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        self.socket.sendall(data)

    def read(self, size: int) -> bytes:
        """So many bytes as they are."""
        return self._file.read(size)

    def frame(self) -> tuple[int, bytes]:
        """The next frame: what it is, and what it holds. Raises EOFError where the connection is closed."""
        head = self._file.read(2)
        if len(head) < 2:
            raise EOFError
        size = head[1]
        if size >= 126:
            size = int.from_bytes(self._file.read(2 if size == 126 else 8), "big")
        return head[0] & 15, self._file.read(size)

    def message(self) -> Any:
        """The next event; pings are answered meanwhile."""
        while True:
            kind, data = self.frame()
            if kind == PING:
                self.send(frame(PONG, data))
                continue
            assert kind == TEXT, (kind, data)
            return json.loads(data)

    def ending(self) -> Ending:
        """With what code and reason the server closes it; whatever comes before is left out, and nothing may come after."""
        while True:
            kind, data = self.frame()
            if kind == CLOSE:
                break
        self.send(frame(CLOSE, data[:2]))
        assert self._file.read() == b""
        return Ending(int.from_bytes(data[:2], "big"), data[2:].decode())
