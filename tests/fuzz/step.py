"""One request of a sequence, as it is written before either stack has filled in what it gave itself."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

Pairs = list[tuple[str, str]]


@dataclass(frozen=True)
class Step:
    """A request with placeholders (tests/fuzz/memory.py), what it is counted as, and the status that is meant, if one is."""

    kind: str
    request: bytes
    meant: int = 0


def written(method: str, target: str, headers: Pairs, data: bytes = b"", chunked: bool = False) -> bytes:
    """The bytes of a request; the length of its body is a placeholder, too, for what is filled in may change it.

    Bytes that are no UTF-8 are written as Python does in names of files: "\udcff" is 0xFF.
    """
    if data and chunked:
        headers, data = [*headers, ("Transfer-Encoding", "chunked")], b"{chunked}" + data
    elif data or method in ("POST", "PUT", "PATCH"):
        headers = [*headers, ("Content-Length", "{length}")]
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {each}" for name, each in headers)]
    return "\r\n".join(lines).encode("utf-8", "surrogateescape") + b"\r\n\r\n" + data


def curl(request: bytes, port: str = "8080") -> str:
    """A request as a line for bash; placeholders stay, they stand for what a stack gave or what is signed with the tests' key."""
    head, _, data = request.partition(b"\r\n\r\n")
    line, *headers = head.split(b"\r\n")
    method, target, _ = line.split(b" ", 2)
    parts = [b"--head"] if method == b"HEAD" else [b"-X", method]
    for each in headers:
        name, _, value = each.partition(b": ")
        if name.lower() != b"content-length":  # curl counts by itself, after the placeholders were filled in
            parts += [b"-H", each if value else name + b";"]  # curl takes `Name:` for a wish to leave the header out
    given = {each.partition(b":")[0].lower() for each in headers}
    for name in (b"Accept", b"User-Agent", *([b"Content-Type"] if data else [])):
        parts += [] if name.lower() in given else [b"-H", name + b":"]  # it would add its own
    if data := data.removeprefix(b"{chunked}"):
        parts += [b"--data-raw", data]  # of --data-binary a body that begins with @ would be read as a file
    elif b"content-length" in given:
        parts += [b"-H", b"Content-Length: 0"]
    quoted = " ".join(_quoted(part) for part in [*parts, b"http://127.0.0.1:%s%s" % (port.encode(), target)])
    return f"curl -i -g --path-as-is {quoted}"


def _quoted(part: bytes) -> str:
    """A word of a line for bash, whatever bytes are in it."""
    text = part.decode(errors="backslashreplace")
    if text.encode() == part and text.isprintable():
        return shlex.quote(text)
    escaped = (chr(byte) if 0x20 <= byte < 0x7F and byte not in b"'\\" else f"\\x{byte:02x}" for byte in part)
    return f"$'{''.join(escaped)}'"
