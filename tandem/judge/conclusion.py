"""The conclusion of a run as data: its state and its lines, which text, HTML, Markdown and JSON render."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import msgspec

from tandem.judge.verdict import Verdict

State = Literal["trusted", "not judged", "untrusted"]
"""Whether its verdicts may be relied on: untrusted where the decoy, equal to the baseline, earned a verdict."""


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """One ratio that a line names."""

    scenario: str
    metric: str
    stack: str
    estimate: float | None
    text: str  # the ratio with its interval, or why there is none


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One line: a sentence, or a title with the ratios that earned its verdict."""

    verdict: Verdict | Literal["exploratory"] | None = None  # None: a sentence about the run or a stack
    title: str
    items: list[Item] = []


def texts(lines: Iterable[Line]) -> list[str]:
    """Return lines as plain text: "Better: p50 of read 0.80× (…); CPU …."."""
    return [
        f"{line.title}: {'; '.join(item.text for item in line.items)}." if line.items else line.title for line in lines
    ]
