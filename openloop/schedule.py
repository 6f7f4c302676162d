"""When arrivals are due, at a rate that may change at any time. Pure arithmetic; somebody else waits.

The schedule is a fixed sequence of gaps for its key, in units of one arrival. The k-th arrival is due when the rate (in
arrivals per second), integrated over time, reaches the sum of the first k gaps. So the rate may go up and down: that
stretches or squeezes the sequence, and never changes it. With exponential gaps it is a Poisson process of that rate: the
superposition of as many independent ones of rate 1.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import repeat
from random import Random

OPEN = ("poisson", "uniform")
CLOSED = "closed"
ARRIVALS = (*OPEN, CLOSED)
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
        self._rate = 0
        self._passed: list[float] = []  # due before the rate changed, not yet taken
        self._since = now
        self._left = next(gaps)  # what the integral still lacks at `_since` until the next arrival

    @property
    def rate(self) -> int:
        """Arrivals per second."""
        return self._rate

    def change(self, rate: int, now: float) -> None:
        """From now on this is the rate; what was due until now stays due."""
        self._passed += self._take(now)
        self._left -= (now - self._since) * self._rate
        self._since, self._rate = now, rate

    def next(self) -> float:
        """When the next arrival is due; never (infinity) at rate 0."""
        if self._passed:
            return self._passed[0]
        return self._since + self._left / self._rate if self._rate else math.inf

    def due(self, now: float) -> list[float]:
        """Take all arrivals that are due by now, in order."""
        passed, self._passed = self._passed, []
        return passed + self._take(now)

    def _take(self, now: float) -> list[float]:
        taken = []
        while self._rate and (at := self._since + self._left / self._rate) <= now:
            taken.append(at)
            self._since, self._left = at, next(self._gaps)
        return taken
