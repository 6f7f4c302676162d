"""The dots of a lane: each bystander at the moment at which it was due, waiting or answered. Bounded, whatever happens."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass

from tandem.rules import LATE_MS

IN_TIME_SECONDS = LATE_MS / 1000
"""Seconds within which a bystander is in time; the headline's target of a comparison."""

SECONDS_KEPT = 30.0
"""Seconds for which an answered dot is remembered."""

MOST_DOTS = 20_000
"""Dots of a lane that are remembered at most."""


@dataclass(slots=True)
class Dot:
    """A bystander; all times in seconds of the monotonic clock."""

    number: int
    due: float
    change: int  # the number of its last change: whoever has seen that has seen it as it is
    answered: float | None = None
    status: int = 0  # 0: no answer, or none yet

    def late(self, now: float) -> bool:
        """Tell whether it missed the target, by now or for good; a refusal is a miss however fast it came."""
        until = now if self.answered is None else self.answered
        return until - self.due > IN_TIME_SECONDS or (self.answered is not None and self.status // 100 != 2)


class Dots:
    """The dots of one lane."""

    def __init__(self) -> None:
        self.changes = 0
        self._dots: OrderedDict[int, Dot] = OrderedDict()

    def due(self, number: int, due: float) -> Dot:
        """Take in an arrival, and forget what is old."""
        self.changes += 1
        dot = self._dots[number] = Dot(number, due, self.changes)
        while len(self._dots) > MOST_DOTS or self._old(due):
            self._dots.popitem(last=False)
        return dot

    def _old(self, now: float) -> bool:
        first = next(iter(self._dots.values()))
        return first.answered is not None and first.due < now - SECONDS_KEPT

    def answered(self, dot: Dot, at: float, status: int) -> None:
        """Take in its answer."""
        self.changes += 1
        dot.answered, dot.status, dot.change = at, status, self.changes

    def since(self, change: int, due: float) -> list[Dot]:
        """Return what has changed since, of those due from then on."""
        return [dot for dot in self._dots.values() if dot.change > change and dot.due >= due]

    def between(self, start: float, end: float) -> Iterator[Dot]:
        """Yield those due within a time, its end included."""
        return (dot for dot in self._dots.values() if start <= dot.due <= end)

    def waiting(self, until: float) -> int:
        """Return how many of those due until then have no answer."""
        return sum(dot.answered is None and dot.due <= until for dot in self._dots.values())

    def usual(self, start: float, end: float) -> float | None:
        """Return the median response time of those due within a time, in seconds; None where nobody was."""
        took = sorted(dot.answered - dot.due for dot in self.between(start, end) if dot.answered is not None)
        return took[len(took) // 2] if took else None
