"""Tries: how a block that was measured at one rate met a service level."""

from __future__ import annotations

import msgspec

from tandem.judge import validity
from tandem.judge.bracket import TryOutcome
from tandem.records.block import Block
from tandem.records.capacity import Try
from tandem.rules import ACHIEVED_LIMIT, FAILED_LIMIT

SLOWER = {
    limit.key
    for limit in (
        validity.DISPATCH_LAG, validity.GENERATOR_WAITING, validity.GENERATOR_CPU, validity.OTHERS_CPU, validity.STEAL,
        validity.THROTTLED, validity.GAP,
    )
}  # fmt: skip
"""Causes that can only make answers later: a level that was met beside them was met. Whoever uses the stack's own CPU uncounted,
even a process of the stack, takes it from the stack."""


class CountedTry(msgspec.Struct, frozen=True, kw_only=True):
    """One try, as it counts."""

    rate: float
    outcome: TryOutcome | None  # None: something outside the stack spoiled it
    p50_ms: float | None
    p99_ms: float | None
    lost: float  # share of the arrivals that failed, were never answered or never sent
    arrivals: int


def counted(tried: Try, target_ms: float) -> CountedTry:
    """Return a try as it counts against a service level."""
    block = tried.block
    return CountedTry(
        rate=tried.rate,
        outcome=outcome(block, target_ms),
        p50_ms=block.p50_ms,
        p99_ms=block.p99_ms,
        lost=lost(block),
        arrivals=block.arrivals,
    )


def outcome(block: Block, target_ms: float) -> TryOutcome | None:
    """Return how a block met a service level; None where something outside the stack spoiled it."""
    invalid = {cause.key for cause in validity.judge(block).causes if cause.level == "INVALID"}
    if invalid - SLOWER:
        return None
    if meets(block, target_ms):
        return "met"
    if validity.GENERATOR_CPU.key in invalid:
        return "generator"
    return None if invalid else "missed"


def meets(block: Block, target_ms: float) -> bool:
    """Tell whether p99 stayed below the target, and enough of what was due was answered well."""
    if not block.arrivals or block.p99_ms is None or block.p99_ms >= target_ms:
        return False
    return lost(block) < FAILED_LIMIT and (block.requests - block.failures) / block.arrivals >= ACHIEVED_LIMIT


def lost(block: Block) -> float:
    """Return the share of the arrivals that failed, were never answered or never sent."""
    return block.lost / max(1, block.arrivals)
