"""How often a run says of a stack that serves its rate that it doesn't, and how often it notices one that can't: simulated.

`python -m tests.selftest.false_alarms` prints the tables of docs/method.md (some minutes).
"""

from __future__ import annotations

import random
import sys
from typing import NamedTuple

from tandem.judge import service_level
from tandem.rules import BACKLOG_LIMIT, CONDEMN_ERROR, FAILED_LIMIT
from tandem.statistics import binomial_tail
from tests.support import queues
from tests.support.queues import Blocks


class Shape(NamedTuple):
    """A run: the load of a scenario, its rounds, and how many stacks and scenarios share the error."""

    name: str
    rate: float
    seconds: float
    rounds: int
    stacks: int
    scenarios: int

    @property
    def pairs(self) -> int:
        return self.stacks * self.scenarios

    @property
    def error(self) -> float:
        return CONDEMN_ERROR / (service_level.TESTS * self.pairs)


SHAPES = (
    Shape("shortest: 1/s, 1 s", 1, 1, 6, 3, 1),
    Shape("`wsgi-sync`, waiting: 15/s, 2 s", 15, 2, 8, 4, 1),
    Shape("quick: 240/s, 10 s", 240, 10, 7, 3, 3),
    Shape("standard: 300/s, 10 s", 300, 10, 9, 3, 6),
    Shape("full: 300/s, 8 s", 300, 8, 10, 4, 10),
    Shape("long: 15/s, 5 s", 15, 5, 100, 3, 1),
)
"""Of a profile: what it drives at a rate (in quick runs `blocking`), beside all stacks and loads that share the error."""


def alarms(shape: Shape, pool: Blocks, runs: int, seed: int) -> tuple[float, float]:
    """Return how often such runs say that requests pile up: by the rule of before, which knew no chance, and by today's."""
    random_ = random.Random(seed)
    counts, arrivals = pool.in_flight.tolist(), pool.arrivals.tolist()
    before = now = 0
    for _ in range(runs):
        places = random_.choices(range(len(counts)), k=shape.rounds)
        due = sum(arrivals[place] for place in places)
        grown = sum(counts[place][-1] - counts[place][0] for place in places)
        before += grown > BACKLOG_LIMIT * due
        now += service_level.piling_up([counts[place] for place in places], due, shape.error)
    return before / runs, now / runs


def failures(shape: Shape, chance: float) -> tuple[float, float]:
    """Return the same for the rule on failures, exactly, on a stack that fails each arrival with this chance."""
    due = round(shape.rate * shape.seconds * shape.rounds)
    lost = range(1, due + 1)
    before = next(number for number in lost if number >= FAILED_LIMIT * due)
    now = next((n for n in lost if service_level.too_many_failed(n, due, FAILED_LIMIT, shape.error)), due + 1)
    return binomial_tail(before, due, chance), binomial_tail(now, due, chance)


def of_run(shape: Shape, chance: float) -> float:
    """Return the chance of a whole run whose stacks and scenarios are all alike."""
    return 1 - (1 - chance) ** shape.pairs


def serving(shape: Shape, utilisation: float | None, seed: int, count: int) -> Blocks:
    """Return windows of a stack that serves: all wait 0.1 s and nobody for anybody, or a queue of this utilisation (M/M/1)."""
    if utilisation is None:
        return queues.blocks(shape.rate, shape.seconds, None, 0.1, True, count, seed)
    return queues.blocks(shape.rate, shape.seconds, 1, utilisation / shape.rate, False, count, seed)


OVERLOADED = (
    (SHAPES[1], 3),
    (SHAPES[2], 1),
    (SHAPES[3], 1),
    (SHAPES[4], 1),
)
"""Each with the servers of its queue."""


def overloaded(shape: Shape, servers: int, utilisation: float, seed: int, count: int) -> Blocks:
    """Return windows of a stack that can't serve its rate: so many servers, equal requests."""
    return queues.blocks(shape.rate, shape.seconds, servers, utilisation * servers / shape.rate, True, count, seed)


def main(runs: int) -> None:
    """Print all tables."""
    print(
        "| a run whose stacks all serve | chance of failing 0.01 %: before | now | failing 0.1 %: now | queues: before | now |"
    )
    print("|---|---|---|---|---|---|")
    for shape in SHAPES:
        count = max(200, int(2e6 / (shape.rate * shape.seconds)))
        found = [alarms(shape, serving(shape, used, 1, min(count, 20_000)), runs, 2) for used in (None, 0.5, 0.8)]
        worst = [of_run(shape, max(each)) for each in zip(*found, strict=True)]
        few, many = failures(shape, FAILED_LIMIT / 10), failures(shape, FAILED_LIMIT)
        cells = [of_run(shape, few[0]), of_run(shape, few[1]), of_run(shape, many[1]), *worst]
        print(f"| {shape.name} × {shape.rounds} | " + " | ".join(f"{100 * cell:.3g} %" for cell in cells) + " |")
    print("\n| utilisation | " + " | ".join(f"{shape.name} × {shape.rounds}" for shape, _ in OVERLOADED) + " |")
    print("|---" * (len(OVERLOADED) + 1) + "|")
    for used in (1.05, 1.1, 1.2, 1.5, 2.0):
        cells = []
        for shape, servers in OVERLOADED:
            pool = overloaded(shape, servers, used, 3, max(300, int(1e6 / (shape.rate * shape.seconds * used))))
            cells.append(alarms(shape, pool, runs // 10, 4)[1])
        print(f"| {used:g} | " + " | ".join(f"{100 * cell:.3g} %" for cell in cells) + " |")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
