"""What a check looks at of an answer, and how it says that the answer is wrong."""

from __future__ import annotations

import dataclasses
import zlib
from collections.abc import Callable, Mapping
from typing import Protocol

_DECODERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": lambda body: zlib.decompress(body, 16 + zlib.MAX_WBITS),
    "deflate": zlib.decompress,
    "identity": bytes,
}


class WrongAnswerError(Exception):
    """The answer is not what was asked for; the message says what was expected and what came."""


class Named(Protocol):
    def get(self, name: str) -> str | None: ...


class Answer(Protocol):
    """What is kept of an answer."""

    @property
    def status_code(self) -> int: ...
    @property
    def headers(self) -> Named: ...
    @property
    def content(self) -> bytes: ...


class Headers:
    """The fields of an answer, by their names in lower case; several of one name are one, with commas (RFC 9110, section 5.3)."""

    __slots__ = ("_fields",)

    def __init__(self, fields: Mapping[bytes, bytes]) -> None:
        self._fields = fields

    def get(self, name: str) -> str | None:
        """The field of this name, in whatever case."""
        value = self._fields.get(name.lower().encode())
        return None if value is None else value.decode("latin-1")


@dataclasses.dataclass(slots=True)
class Received:
    """An answer as it came."""

    status_code: int
    headers: Headers
    content: bytes

    def decode(self) -> None:
        """Undo the coding of its content. Raises ValueError or zlib.error where it can't be undone."""
        coding = self.headers.get("content-encoding")
        if coding is None or not self.content:  # HEAD and 304 tell a coding, too
            return
        if coding not in _DECODERS:
            raise ValueError(f"unknown content-encoding {short(coding)}")
        self.content = _DECODERS[coding](self.content)


def equal(what: str, expected: object, got: object) -> None:
    """Raise WrongAnswerError unless both are the same."""
    if got != expected:
        raise WrongAnswerError(f"{what}: expected {short(expected)}, got {short(got)}")


def short(value: object) -> str:
    """A value as it is shown in a reason: 80 characters of it at most."""
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
