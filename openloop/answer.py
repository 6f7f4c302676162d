"""What a check looks at of an answer, and how it says that the answer is wrong."""

from __future__ import annotations

from typing import Protocol


class WrongAnswerError(Exception):
    """The answer is not what was asked for; the message says what was expected and what came."""


class Headers(Protocol):
    def get(self, name: str) -> str | None: ...


class Answer(Protocol):
    """What is kept of an answer."""

    @property
    def status_code(self) -> int: ...
    @property
    def headers(self) -> Headers: ...
    @property
    def content(self) -> bytes: ...


def equal(what: str, expected: object, got: object) -> None:
    """Raise WrongAnswerError unless both are the same."""
    if got != expected:
        raise WrongAnswerError(f"{what}: expected {short(expected)}, got {short(got)}")


def short(value: object) -> str:
    """A value as it is shown in a reason: 80 characters of it at most."""
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
