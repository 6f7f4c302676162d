"""A request as the bytes that are sent. Needs the standard library alone."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from urllib.parse import urlsplit

_FIRST, _LAST = "User-Agent: openloop\r\n", "Accept-Encoding: gzip, deflate\r\n"
"""What is sent with every request, around its own headers; then comes Host."""

_JSON = {"Content-Type": "application/json", "Accept": "application/json"}

_WITH_BODY = ("POST", "PUT", "PATCH")
"""Methods that tell the length of their body, be it 0 (RFC 9110, section 8.6)."""

_TARGET = re.compile(r"/[^\x00-\x20\x7f]*")


class Messages:
    """The messages to one server, such as `http://127.0.0.1:8080`."""

    def __init__(self, host: str) -> None:
        self._host = f"Host: {urlsplit(host).netloc.rpartition('@')[2]}\r\n"
        # Most requests have neither headers nor a body of their own.
        self._bare = f" HTTP/1.1\r\n{_FIRST}{_LAST}{self._host}\r\n"

    def message(
        self, method: str, path: str, headers: Mapping[str, str] | None, body: Mapping[str, object] | None
    ) -> bytes:
        """Return one; the body is sent as JSON. Raises ValueError where it would be no request, or several."""
        if not _TARGET.fullmatch(path):
            raise ValueError(f"{path!r} is no path")
        if not headers and body is None and method not in _WITH_BODY:
            return f"{method} {path}{self._bare}".encode("latin-1")
        fields = headers or {}
        lines = _lines(fields)
        given = {name.lower() for name in fields}
        if "user-agent" not in given:
            lines = _FIRST + lines
        if "accept-encoding" not in given:
            lines += _LAST
        if body is None:
            length = "Content-Length: 0\r\n" if method in _WITH_BODY else ""
            return f"{method} {path} HTTP/1.1\r\n{lines}{self._host}{length}\r\n".encode("latin-1")
        payload = json.dumps(body).encode()
        lines += _lines({name: value for name, value in _JSON.items() if name.lower() not in given})
        head = f"{method} {path} HTTP/1.1\r\n{lines}{self._host}Content-Length: {len(payload)}\r\n\r\n"
        return head.encode("latin-1") + payload


def _lines(fields: Mapping[str, str]) -> str:
    lines = "".join([f"{name}: {value}\r\n" for name, value in fields.items()])
    if lines.count("\n") != len(fields) or lines.count("\r") != len(fields):
        raise ValueError(f"a header of {fields!r} has several lines")
    return lines
