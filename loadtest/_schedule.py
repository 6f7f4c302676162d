"""When arrivals are due: lanes of one arrival per second each, added up. Pure arithmetic; somebody else waits.

The schedule is a fixed sequence of gaps for its key, in units of one arrival. The k-th arrival is due when the number of
lanes, integrated over time, reaches the sum of the first k gaps. So lanes may come and go at any time: they stretch or
squeeze the sequence, and never change it. With exponential gaps that is a Poisson process whose rate is the number of
lanes: the superposition of as many independent ones of rate 1.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import repeat
from random import Random

OPEN = ("poisson", "uniform")
CLOSED = "closed"
KINDS = (*OPEN, CLOSED)
"""What can be said with --arrivals."""


def gaps(kind: str, key: str, worker: int, workers: int) -> Iterator[float]:
    """The gaps of one worker process, endless, mean 1: another sequence for every worker, the same again for a key."""
    if kind == "poisson":
        random = Random(f"{key}/schedule/{worker}")
        while True:
            yield random.expovariate(1.0)
    # The workers' equal steps begin shifted against each other, so that together they are nearly even, too.
    yield (Random(f"{key}/schedule").random() + worker / workers) % 1.0
    yield from repeat(1.0)


class Schedule:
    """The due times of one process, in seconds of the clock that the caller uses throughout."""

    def __init__(self, gaps: Iterator[float], now: float) -> None:
        self._gaps = gaps
        self._lanes = 0
        self._passed: list[float] = []  # due before the lanes changed, not yet taken
        self._since = now
        self._left = next(gaps)  # what the integral still lacks at `_since` until the next arrival

    @property
    def lanes(self) -> int:
        """Arrivals per second."""
        return self._lanes

    def change(self, lanes: int, now: float) -> None:
        """From now on there are so many lanes; what was due until now stays due."""
        self._passed += self._take(now)
        self._left -= (now - self._since) * self._lanes
        self._since, self._lanes = now, lanes

    def next(self) -> float:
        """When the next arrival is due; never (infinity) without lanes."""
        if self._passed:
            return self._passed[0]
        return self._since + self._left / self._lanes if self._lanes else math.inf

    def due(self, now: float) -> list[float]:
        """Take all arrivals that are due by now, in order."""
        passed, self._passed = self._passed, []
        return passed + self._take(now)

    def _take(self, now: float) -> list[float]:
        taken = []
        while self._lanes and (at := self._since + self._left / self._lanes) <= now:
            taken.append(at)
            self._since, self._left = at, next(self._gaps)
        return taken
