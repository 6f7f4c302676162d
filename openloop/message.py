"""A request as the bytes that are sent. Needs the standard library alone."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import urlsplit

_FIRST, _LAST = {"User-Agent": "openloop"}, {"Accept-Encoding": "gzip, deflate"}
"""What is sent with every request, around its own headers; then comes Host."""

_JSON = {"Content-Type": "application/json", "Accept": "application/json"}
"""What is sent with a body."""

_WITH_BODY = ("POST", "PUT", "PATCH")
"""Methods that tell the length of their body, be it 0 (RFC 9110, section 8.6)."""

_TARGET = re.compile(r"/[^\x00-\x20\x7f]*")


class Messages:
    """The messages to one server, such as `http://127.0.0.1:8080`."""

    def __init__(self, host: str) -> None:
        self._host = f"Host: {urlsplit(host).netloc.rpartition('@')[2]}\r\n"
        # Most requests have neither headers nor a body of their own.
        self._bare = f" HTTP/1.1\r\n{_lines((), False)}{self._host}\r\n"

    def message(
        self, method: str, path: str, headers: Mapping[str, str] | None, body: Mapping[str, object] | bytes | None
    ) -> bytes:
        """Return one; a body of bytes goes as it is, others as JSON. Raises ValueError where it would be none, or several."""
        if not _TARGET.fullmatch(path):
            raise ValueError(f"{path!r} is no path")
        if not headers and body is None and method not in _WITH_BODY:
            return f"{method} {path}{self._bare}".encode("latin-1")
        lines = _lines(tuple((headers or {}).items()), body is not None)
        payload = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        length = f"Content-Length: {len(payload)}\r\n" if payload or method in _WITH_BODY else ""
        return f"{method} {path} HTTP/1.1\r\n{lines}{self._host}{length}\r\n".encode("latin-1") + payload


@lru_cache(1024)
def _lines(fields: tuple[tuple[str, str], ...], with_body: bool) -> str:
    """A request's own headers, and what is sent with every request where they don't say otherwise."""
    lines = [f"{name}: {value}\r\n" for name, value in fields]
    if any(line.count("\n") + line.count("\r") != 2 for line in lines):
        raise ValueError(f"a header of {fields!r} has several lines")
    given = {name.lower() for name, _ in fields}
    first, last, more = (
        [f"{name}: {value}\r\n" for name, value in usual.items() if name.lower() not in given]
        for usual in (_FIRST, _LAST, _JSON if with_body else {})
    )
    return "".join([*first, *lines, *last, *more])
