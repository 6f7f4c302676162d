"""Requests as bytes, answers as bytes: what a library would tidy up is what some tests are about."""

from __future__ import annotations

import socket
from contextlib import suppress

from tests.support.answers import Answer


def request(method: str, target: str, headers: dict[str, str] | None = None, body: bytes = b"") -> bytes:
    """A request as bytes, on a connection that is closed after it."""
    lines = [f"{method} {target} HTTP/1.1", "Host: localhost", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def sent(port: int, data: bytes, seconds: float = 20.0) -> bytes:
    """Send bytes on a connection of their own and return all that comes until the server closes it. Raises OSError."""
    with socket.create_connection(("127.0.0.1", port), timeout=seconds) as connection:
        connection.sendall(data)
        found = b""
        with suppress(ConnectionResetError):  # closed while something was still unread: what had come before counts
            while chunk := connection.recv(65536):
                found += chunk
    return found


def exchange(port: int, data: bytes) -> Answer:
    """Send bytes and read one answer. Raises OSError, ValueError."""
    found = sent(port, data)
    head, separator, body = found.partition(b"\r\n\r\n")
    status_line, *lines = head.decode("latin-1").split("\r\n")
    version, _, rest = status_line.partition(" ")
    if not separator or version != "HTTP/1.1":
        raise ValueError(f"no answer but {found[:200]!r} to {data[:80]!r}")
    status, _, reason = rest.partition(" ")
    return Answer(
        int(status), [(name, value) for name, _, value in (line.partition(": ") for line in lines)], body, reason
    )
