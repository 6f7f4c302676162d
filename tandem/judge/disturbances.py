"""Disturbances: what the validity of all blocks of a run comes to. Nothing is judged here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import msgspec

from tandem.judge import validity
from tandem.judge.rounds import Attempt
from tandem.judge.validity import Cause, Judged
from tandem.records.block import Block


class Flagged(msgspec.Struct, frozen=True, kw_only=True):
    """A block that something outside its stack disturbed, and what did."""

    round: int
    attempt: int
    scenario: str
    stack: str
    level: validity.Validity  # "SUSPECT" or "INVALID"
    causes: list[Cause]  # those of that level


class Watched(msgspec.Struct, frozen=True, kw_only=True):
    """One cause of the validity table, and what was seen of it over all blocks."""

    cause: str
    unit: str  # of all that follows
    suspect: float | None  # limits, beyond which a block is; None: nothing is only suspect
    suspect_of_p99: float | None  # suspect also beyond this share of the response time's p99 in ms,
    suspect_from: float  # but never up to this
    invalid: float
    worst: float | None  # None: not available on this host
    suspect_blocks: int
    invalid_blocks: int


class Disturbances(msgspec.Struct, frozen=True, kw_only=True):
    """What disturbed a run, or could have."""

    blocks: dict[str, int]  # how many are VALID, SUSPECT and INVALID, of all that were measured
    table: list[Watched]
    rejected: list[Flagged]  # INVALID blocks; each spoiled an attempt of its round
    suspects: list[Flagged]  # SUSPECT blocks among those that count
    unreadable: list[str]  # titles of causes that are not available on this host, so that they were not watched


def disturbances(attempts: Iterable[Attempt], shown: Iterable[Attempt]) -> Disturbances:
    """Return what disturbed the blocks of these attempts, of which some are shown."""
    judged = _judged(attempts)
    blocks = [block for block, _ in judged]
    levels = Counter(found.level for _, found in judged)
    return Disturbances(
        blocks={level: levels[level] for level in validity.LEVELS},
        table=[_watched(limit, judged) for limit in validity.LIMITS],
        rejected=_flagged(judged, "INVALID"),
        suspects=_flagged(_judged(shown), "SUSPECT"),
        unreadable=list(dict.fromkeys(title for block in blocks for title in validity.unreadable(block))),
    )


def _judged(attempts: Iterable[Attempt]) -> list[tuple[Block, Judged]]:
    return [(block, attempt.validity[key]) for attempt in attempts for key, block in attempt.blocks.items()]


def _watched(limit: validity.Limit, judged: Sequence[tuple[Block, Judged]]) -> Watched:
    values = [value for block, _ in judged if (value := limit.value(block)) is not None]
    levels = [cause.level for _, found in judged for cause in found.causes if cause.key == limit.key]
    return Watched(
        cause=limit.title,
        unit=limit.unit,
        suspect=limit.suspect,
        suspect_of_p99=limit.suspect_of_p99,
        suspect_from=limit.suspect_from,
        invalid=limit.invalid,
        worst=max(values, default=None),
        suspect_blocks=levels.count("SUSPECT"),
        invalid_blocks=levels.count("INVALID"),
    )


def _flagged(judged: Iterable[tuple[Block, Judged]], level: validity.Validity) -> list[Flagged]:
    return [
        Flagged(round=block.round, attempt=block.attempt, scenario=block.scenario, stack=block.stack, level=level,
                causes=found.decisive)
        for block, found in judged if found.level == level
    ]  # fmt: skip
