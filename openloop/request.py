"""One request before it is sent: what it asks for, how its answer is checked, and a digest of what was asked."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any
from zlib import crc32

from openloop.answer import Answer
from openloop.crowd import Manner

DEVIATED = 0
"""The digest of a request that can't be compared with that of another run."""


@dataclasses.dataclass(slots=True)
class Request:
    """What one arrival sends. `route` is its name in all statistics; `check` raises WrongAnswerError.

    A body of bytes is sent as it is, any other as JSON.

    `private_headers` are sent, too, but `asked` knows nothing of them: such as a token, which is another one in every run.

    `plan` says what is asked where path and body hold something that the server chose or that is new in every run; None
    where they don't. `done` is told what the check made of the answer, None where it was wrong or missing.

    One with a `manner` comes from a client that is the trouble itself: neither is told of it.
    """

    method: str
    path: str
    route: str
    check: Callable[[Answer], Any]
    body: Mapping[str, object] | bytes | None = None
    headers: dict[str, str] | None = None
    plan: str | None = None
    done: Callable[[Any], None] | None = None
    private_headers: dict[str, str] | None = None
    manner: Manner | None = None
    deviates: bool = False  # an earlier answer was missing, so this is not what the plan says

    @property
    def name(self) -> str:
        """Its name in the samples."""
        return f"{self.method} {self.route}"

    @property
    def all_headers(self) -> dict[str, str] | None:
        """All that are sent beyond what the client adds."""
        return {**(self.headers or {}), **self.private_headers} if self.private_headers else self.headers

    @property
    def asked(self) -> int:
        """CRC-32 of what is asked for; DEVIATED where it isn't what was planned."""
        if self.deviates:
            return DEVIATED
        if self.plan is None and not self.body and not self.headers:  # most
            return crc32(f"{self.method} {self.path}".encode()) or 1
        what = [self.path, self.body, self.headers] if self.plan is None else [self.plan]
        return crc32(f"{self.method} {what!r}".encode()) or 1
