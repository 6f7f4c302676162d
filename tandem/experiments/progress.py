"""Progress: how long a run will still take."""

from __future__ import annotations

import time


def duration(seconds: float) -> str:
    """Return seconds as `3 min 20 s` or `45 s`."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"


EXPECTED = 6
"""Steps that the expectation counts for: the first block of a stack holds its start, and says little of the others."""


class Progress:
    """Tells after every step how long the rest will take, from what was expected, or learned, and what the steps so far took."""

    def __init__(self, steps: int, expected: float) -> None:
        """Count on `expected` seconds for each step, less and less as more is known."""
        self.steps, self.done, self.expected, self.began = steps, 0, expected, time.monotonic()

    def step(self) -> str:
        """Count one step and return `block 3 of 42, 4 min 10 s left`."""
        self.done += 1
        return f"block {self.done} of {self.steps}, {self.rest()} left"

    def rest(self) -> str:
        """Return how long the rest will take."""
        each = (EXPECTED * self.expected + time.monotonic() - self.began) / (EXPECTED + self.done)
        return duration(each * (self.steps - self.done))

    def total(self) -> str:
        """Return how long all steps are expected to take."""
        return duration(self.expected * self.steps)

    def learn(self) -> None:
        """Expect of all further steps what those so far took: they were whole rounds, with all that belongs to one."""
        self.expected = (time.monotonic() - self.began) / self.done

    def left(self, steps: int) -> None:
        """Count on so many steps from here on."""
        self.steps = self.done + steps
