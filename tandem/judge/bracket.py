"""Bracket: between which rates a stack's capacity lies, and which rate has to be tried next to know that better.

Rates lie on a grid, each 5 % above the one before, the same for every stack. A search climbs or descends in growing leaps until
one rate was met and a higher one missed, halves the gap down to one step, and then tries the rates on both sides until each was
tried three times or its outcome can't change: chance decides no end of a bracket alone.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

import msgspec

from tandem.rules import CAPACITY_LEAP, CAPACITY_MOST, CAPACITY_STEP, CAPACITY_TRIES

MissedFor = Literal["generator", "others"]
"""What else than the stack a level was missed for: the load generator, or other programs on the machine."""

TryOutcome = Literal["met", "missed"] | MissedFor
"""Of one try."""

Tries = Mapping[float, Sequence[TryOutcome]]
"""The outcomes at each rate that was tried."""


def _grid() -> Iterator[float]:
    rate = 1
    while rate <= CAPACITY_MOST:
        yield float(rate)
        rate = max(rate + 1, round(rate * CAPACITY_STEP))


GRID = tuple(_grid())
"""All rates that can be tried, whole arrivals per second."""

HALF = CAPACITY_TRIES // 2


class Bracket(msgspec.Struct, frozen=True, kw_only=True):
    """Where a capacity lies, in arrivals per second."""

    met: float | None  # highest rate at which every try met the service level; None: there is none
    missed: float | None  # lowest rate at which most tries missed it; None: none was found
    limit: MissedFor | None = None  # what else than the stack was the limit there: the stack may serve more

    @property
    def at_least(self) -> bool:
        """Whether the stack may serve more than was seen."""
        return self.limit is not None or self.missed is None


def start(expected: float) -> float:
    """Return the rate to begin with: the highest of the grid that is not above what is expected."""
    return GRID[max(0, bisect_right(GRID, expected) - 1)]


def wanted(first: float, tries: Tries) -> float | None:
    """Return the rate to try next in a search that begins at `first`; None when its bracket is settled."""
    if not tries:
        return first
    low, high = _around(tries)
    if high is None:
        return _leap(tries, 1) if low < len(GRID) - 1 else _unsettled(tries, [low])
    if low < 0:
        return _leap(tries, -1) if high > 0 else _unsettled(tries, [high])
    if high - low > 1:
        return GRID[(low + high) // 2]
    return _unsettled(tries, _sides(tries, low, high))


def bracket(tries: Tries) -> Bracket:
    """Return what the tries so far say; with a search that is not settled they may say little."""
    rates = sorted(tries)
    missed = next((rate for rate in rates if _against(tries[rate]) > HALF), None)
    met = [rate for rate in rates if _all_met(tries[rate]) and (missed is None or rate < missed)]
    return Bracket(
        met=met[-1] if met else None,
        missed=missed,
        limit=next((one for one in tries.get(missed or 0, ()) if one in ("generator", "others")), None),
    )


def higher(one: Bracket, other: Bracket) -> bool:
    """Tell whether one capacity is surely the higher: it meets the level at a rate at which the other missed it by itself."""
    return one.met is not None and other.missed is not None and other.limit is None and one.met >= other.missed


def _against(outcomes: Sequence[TryOutcome]) -> int:
    return sum(outcome != "met" for outcome in outcomes)


def _all_met(outcomes: Sequence[TryOutcome]) -> bool:
    return len(outcomes) >= CAPACITY_TRIES and not _against(outcomes)


def _around(tries: Tries) -> tuple[int, int | None]:
    """Return the places on the grid of the highest rate that was mostly met below the lowest that was mostly missed.

    −1: none was met; None: none was missed.
    """
    places = {GRID.index(rate): outcomes for rate, outcomes in sorted(tries.items())}
    high = next((place for place, found in places.items() if 2 * _against(found) > len(found)), None)
    met = [p for p, found in places.items() if 2 * _against(found) < len(found) and (high is None or p < high)]
    return (met[-1] if met else -1), high


def _leap(tries: Tries, direction: int) -> float:
    """Return the rate beyond all that were tried, each leap twice as long as the one before."""
    places = [GRID.index(rate) for rate in tries]
    edge = max(places) if direction > 0 else min(places)
    length = CAPACITY_LEAP << (len(places) - 1)
    return GRID[min(len(GRID) - 1, max(0, edge + direction * length))]


def _sides(tries: Tries, low: int, high: int) -> list[int]:
    """Return the places that decide: the lowest that is missed, and below it down to the first where no try missed."""
    found = [high]
    for place in range(low, -1, -1):
        found.append(place)
        if not _against(tries.get(GRID[place], ())):
            break
    return found


def _unsettled(tries: Tries, places: Sequence[int]) -> float | None:
    """Return the rate that was tried least among those whose outcome may still change; None where there is none."""
    found = [
        (len(tries.get(GRID[place], ())), GRID[place]) for place in places if not _settled(tries.get(GRID[place], ()))
    ]
    return min(found)[1] if found else None


def _settled(outcomes: Sequence[TryOutcome]) -> bool:
    return len(outcomes) >= CAPACITY_TRIES or _against(outcomes) > HALF
