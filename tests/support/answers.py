"""What an app answers, and the same without what may differ between two that do the same: that is here, and nothing else may."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import AnyStr

from tests.support.accounts import DEVICES, SESSIONS
from userdb import metrics

CLOSE = 10
"""Seconds by which a time may differ between two answers to the same request: a busy machine lets one of them wait."""

# Users of the seed were created on the first day of 2026, everywhere.
_MOMENT = re.compile(rb"(?!2026-01-01)\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_TOKEN = re.compile(rb'(?<="token":")[^"]+')
_FORM_TOKEN = re.compile(rb'(?<=name="csrf" value=")[\w-]{43}(?=")')
_COOKIE = re.compile(r"(?<=session=)[^;]+")
_DEVICE = re.compile(r"(?<=device=)[^;]+")
_SECONDS = re.compile(r"(?<=Max-Age=)\d+|^\d+$")


@dataclass(frozen=True)
class Answer:
    """What came back; headers as they were sent, in their order."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes
    reason: str = ""
    times: tuple[float, ...] = field(
        default=(), compare=False
    )  # that a masked one spoke of: in seconds, in their order

    def header(self, name: str) -> str | None:
        """The value of a header, or None."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    def is_like(self, other: Answer) -> bool:
        """Whether the two say the same, give or take CLOSE seconds."""
        if self != other or len(self.times) != len(other.times):
            return False
        return all(abs(one - another) <= CLOSE for one, another in zip(self.times, other.times, strict=True))

    def as_sent(self) -> bytes:
        """Its bytes, the masked ones too: status line, headers and body."""
        head = [f"HTTP/1.1 {self.status} {self.reason}", *(f"{name}: {value}" for name, value in self.headers), "", ""]
        return "\r\n".join(head).encode("latin-1", "backslashreplace") + self.body

    def __str__(self) -> str:
        head = [f"{self.status} {self.reason}", *(f"{name}: {value}" for name, value in self.headers)]
        told = "\n".join([*head, "", self.body.decode(errors="backslashreplace")])
        return f"{told}\n(times: {', '.join(f'{each:.0f}' for each in self.times)})" if self.times else told


def mask(answer: Answer) -> Answer:
    """The answer as it is compared: tokens are told by what they say; moments and durations stand apart."""
    times: list[float] = []
    headers = [(name, _header(name, value, times)) for name, value in answer.headers]
    body = answer.body
    if answer.header("Content-Type") == metrics.CONTENT_TYPE:
        headers, body = [(n, v) for n, v in headers if n.lower() != "content-length"], _without_numbers(body)
    body = body.replace((answer.header("X-Request-ID") or "no id").encode(), b"<id>")
    body = _MOMENT.sub(_moved(lambda text: datetime.fromisoformat(text.decode()).timestamp(), times, b"<time>"), body)
    body = _FORM_TOKEN.sub(b"<form token>", _TOKEN.sub(lambda token: _session(token[0].decode()).encode(), body))
    return Answer(answer.status, headers, body, answer.reason, tuple(times))


def mask_bytes(answers: bytes) -> bytes:
    """Whole answers as they came, one or several, without date and request ids."""
    return re.sub(rb"Date: [^\r]*", b"Date: <now>", re.sub(rb"[0-9a-f]{32}", b"<id>", answers))


def _header(name: str, value: str, times: list[float]) -> str:
    if name.lower() in ("date", "x-request-id"):
        return "…"
    if name.lower() == "retry-after":
        return _SECONDS.sub(_moved(float, times, "<seconds>"), value)
    if name.lower() == "set-cookie":
        value = _COOKIE.sub(lambda token: _session(token[0]), value)
        value = _DEVICE.sub(lambda token: _device(token[0]), value)
        return _SECONDS.sub(_moved(float, times, "<seconds>"), value)
    return value


def _moved(
    number: Callable[[AnyStr], float], times: list[float], instead: AnyStr
) -> Callable[[re.Match[AnyStr]], AnyStr]:
    """What puts something else in the place of a time, and the time among the others."""

    def move(found: re.Match[AnyStr]) -> AnyStr:
        times.append(number(found[0]))
        return instead

    return move


def _session(token: str) -> str:
    """What a token says, beside its id, its stamp and its end."""
    session = SESSIONS.read(token)
    if session is None:
        return f"<no session of ours: {token}>"
    return f"<session of {session.user_id}, {len(session.id)} characters, stamp of {len(session.stamp)}, {session.flash!r}>"


def _device(text: str) -> str:
    """What a device says, beside its id and its end."""
    device = DEVICES.read(text)
    if device is None:
        return f"<no device of ours: {text}>"
    return f"<device of {device.user_id}, {len(device.id)} characters, stamp of {len(device.stamp)}>"


def _without_numbers(body: bytes) -> bytes:
    """What metrics there are, in any order, and no numbers: tests/fuzz/counts.py looks at those that can be compared."""
    return b"\n".join(sorted(line for line in body.splitlines() if line.startswith(b"#")))
