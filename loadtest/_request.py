"""One request before it is sent: what it asks for, how its answer is checked, and a digest of what was asked."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping
from typing import Any
from zlib import crc32

from _checks import Answer

DEVIATED = 0
"""The digest of a request that can't be compared with that of another run."""


@dataclasses.dataclass(slots=True)
class Request:
    """What one arrival sends. `route` is its name in all statistics; `check` raises WrongAnswerError.

    `authorized`: it carries the token of the user as whom its process is logged in, which `asked` knows nothing of, as it is
    another one in every run.

    `plan` says what is asked where path and body hold something that the server chose or that is new in every run; None
    where they don't. `done` is told what the check made of the answer, None where it was wrong or missing.
    """

    method: str
    path: str
    route: str
    check: Callable[[Answer], Any]
    body: Mapping[str, object] | None = None
    headers: dict[str, str] | None = None
    plan: str | None = None
    done: Callable[[Any], None] | None = None
    authorized: bool = False
    deviates: bool = False  # an earlier answer was missing, so this is not what the plan says

    @property
    def name(self) -> str:
        """Its name in the samples."""
        return f"{self.method} {self.route}"

    @property
    def asked(self) -> int:
        """CRC-32 of what is asked for; DEVIATED where it isn't what was planned."""
        if self.deviates:
            return DEVIATED
        what = [self.path, self.body, self.headers] if self.plan is None else [self.plan]
        return crc32(json.dumps([self.method, *what]).encode()) or 1
