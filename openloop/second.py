"""A second population beside the arrivals: requests in one part of a run, evenly spaced or at random, whatever the others' rate.

Their numbers are negative, so that they are counted apart: -1, -2, … in the order in which they are due.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import accumulate, islice

from openloop.request import Request
from openloop.schedule import gaps

EVENLY, AT_RANDOM = "uniform", "poisson"
SPREADS = (EVENLY, AT_RANDOM)
"""How they may be spread, in the words of --arrivals."""


@dataclass(frozen=True)
class Second:
    """So many per second, from `start` to before `end`, in seconds of the run.

    `make` makes one, given for how many seconds of its part are left when it is due.
    """

    rate: float
    start: float
    end: float
    make: Callable[[float], Request]
    arrivals: str = EVENLY


def dues(second: Second, key: str) -> list[float]:
    """Return when all of them are due, in seconds of the run: the same again for a key.

    At random there are as many as evenly spaced ones, with exponential gaps that are scaled to fill their part: a Poisson process
    given its number (Devroye, *Non-Uniform Random Variate Generation*, 1986, section V.2). So the rate that was asked
    for is the rate that is sent, however short the part.
    """
    length = second.end - second.start
    number = math.ceil(round(length * second.rate, 6))
    if second.arrivals == EVENLY:
        return [second.start + place / second.rate for place in range(number)]
    sums = list(accumulate(islice(gaps(AT_RANDOM, f"{key}/second", 0, 1), number + 1)))
    return [second.start + length * each / sums[-1] for each in sums[:-1]]


class SecondSchedule:
    """When those of one process are due: every `step`-th one from the `first` on, in seconds of the clock of `began`."""

    def __init__(self, second: Second, began: float, key: str, first: int = 0, step: int = 1) -> None:
        self._second, self._began, self._dues = second, began, dues(second, key)
        self._number, self._step = first, step

    def next(self) -> float:
        """When the next one is due; never (infinity) after the last."""
        return self._began + self._dues[self._number] if self._number < len(self._dues) else math.inf

    def due(self, now: float) -> list[tuple[float, int, Request]]:
        """Take all that are due by now: when each was due, its number, and what it asks for."""
        taken = []
        while (at := self.next()) <= now:
            left = self._second.end - self._dues[self._number]
            taken.append((at, -1 - self._number, self._second.make(left)))
            self._number += self._step
        return taken
