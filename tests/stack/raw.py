"""Requests as bytes, answers as bytes: what a library would tidy up is what these tests are about."""

from __future__ import annotations

import re
import socket
from dataclasses import dataclass


@dataclass(frozen=True)
class RawAnswer:
    """One answer: status line, headers in order, body."""

    status_line: str
    headers: list[tuple[str, str]]
    body: bytes

    @property
    def status(self) -> int:
        """The status code."""
        return int(self.status_line.split()[1])

    def header(self, name: str) -> str | None:
        """The value of a header, or None."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    def masked(self) -> RawAnswer:
        """The same without what may differ between two apps: date, request id, the time a user was created, tokens signed anew."""
        request_id = (self.header("X-Request-ID") or "none").encode()
        body = self.body.replace(request_id, b"<id>")
        body = re.sub(rb'"created_at":"(?!2026-01-01)[^"]*"', b'"created_at":"<now>"', body)
        body = re.sub(rb'name="csrf" value="[^"]+"', b'name="csrf" value="<token>"', body)
        headers = [(name, self._masked_header(name, value)) for name, value in self.headers]
        return RawAnswer(self.status_line, headers, body)

    def _masked_header(self, name: str, value: str) -> str:
        if name in ("Date", "X-Request-ID"):
            return f"<{name}>"
        return (
            re.sub(r"session=[\w.-]+; Path=/; Max-Age=\d+", "session=<token>", value) if name == "set-cookie" else value
        )


def exchange(port: int, request: bytes) -> RawAnswer:
    """Send bytes on a connection of their own and read one answer until the server closes. Raises OSError, ValueError."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(request)
        data = b""
        while chunk := connection.recv(65536):
            data += chunk
    head, separator, body = data.partition(b"\r\n\r\n")
    if not separator:
        raise ValueError(f"no answer but {data[:200]!r} to {request[:80]!r}")
    status_line, *lines = head.decode("latin-1").split("\r\n")
    headers = [(name, value) for name, _, value in (line.partition(": ") for line in lines)]
    return RawAnswer(status_line, headers, body)


def request(method: str, target: str, headers: dict[str, str] | None = None, body: bytes = b"") -> bytes:
    """A request as bytes, on a connection that is closed after it."""
    lines = [f"{method} {target} HTTP/1.1", "Host: localhost", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body
