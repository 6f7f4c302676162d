"""A second population beside the arrivals: evenly spaced requests in one part of a run, whatever the rate of the others.

Their numbers are negative, so that they are counted apart: -1, -2, … in the order in which they are due.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from openloop.request import Request


@dataclass(frozen=True)
class Second:
    """So many per second, from `start` to before `end`, in seconds of the run; `make` makes the k-th one, from 0."""

    rate: float
    start: float
    end: float
    make: Callable[[int], Request]


class SecondSchedule:
    """When those of one process are due: every `step`-th one from the `first` on, in seconds of the clock of `began`."""

    def __init__(self, second: Second, began: float, first: int = 0, step: int = 1) -> None:
        self._second, self._from, self._step = second, began + second.start, step
        self._number = first
        self._count = math.ceil(round((second.end - second.start) * second.rate, 6))

    def next(self) -> float:
        """When the next one is due; never (infinity) after the last."""
        return self._from + self._number / self._second.rate if self._number < self._count else math.inf

    def due(self, now: float) -> list[tuple[float, int, Request]]:
        """Take all that are due by now: when each was due, its number, and what it asks for."""
        taken = []
        while (at := self.next()) <= now:
            taken.append((at, -1 - self._number, self._second.make(self._number)))
            self._number += self._step
        return taken
