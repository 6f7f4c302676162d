"""Reasons: why there is no verdict, or none more decided, as codes and numbers; `report/reasons.py` has their sentences."""

from __future__ import annotations

from typing import Literal

import msgspec

Code = Literal[
    # of a whole run
    "one CPU", "too few rounds planned", "no decoy", "broken off", "too few rounds valid", "untrusted",
    # of a ratio without a verdict
    "exploratory", "answered nothing", "cannot serve", "not reached", "p99 in a quick run", "too little for p99",
    "intermittent", "decoy not judged", "too few rounds", "blockers not completed",
    # of an undecided one
    "equality in a quick run", "interval too wide", "effect close to δ", "generator was the limit",
]  # fmt: skip


class Missed(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the service level that a stack missed, as shares of its arrivals."""

    part: Literal["failed", "answered well", "backlog"]
    share: float
    limit: float


class Reason(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A code, and of the rest what belongs to it."""

    code: Code
    stack: str | None = None
    stacks: list[str] = []
    metric: str | None = None  # the key of its row
    rounds: int | None = None  # how many: that are valid, measured or planned, or in which something happened
    planned: int | None = None
    needed: int | None = None  # rounds
    ratios: int | None = None  # that share the chance of error
    missed: list[Missed] = []
    because: Reason | None = None  # why the decoy was not judged


class Failing(msgspec.Struct, frozen=True, kw_only=True):
    """A stack that could not serve a scenario at its rate."""

    scenario: str
    stack: str
    rate: float  # arrivals per second that were offered; 0: as many as it could serve
    examples: list[str]  # of what failed
    missed: list[Missed]
