"""Whether the numbers that verdicts are made of are the right ones: coverage, and false verdicts where nothing differs."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from itertools import product

import scipy

from tandem import statistics
from tests.selftest.bench import percent
from tests.selftest.story import Story

LEVELS = (0.10, 0.05, 0.05 / 3, 0.05 / 7)


def test_interval_covers_by_brute_force(tell: Story) -> None:
    """The interval misses the truth as often as it says, counted over every sign pattern there is."""
    lines, missed = [], []
    for rounds in range(6, 11):
        random_ = random.Random(rounds)
        sizes = [random_.random() + 0.01 for _ in range(rounds)]
        shares = []
        for error in LEVELS:
            found = [statistics.interval(_signed(sizes, signs), error) for signs in product((-1, 1), repeat=rounds)]
            share = sum(each is not None and not each[0] <= 0 <= each[1] for each in found) / 2**rounds
            shares.append(share)
            # The next larger critical value would have to break the level, else the interval is wider than it need be.
            missed.append((share, share + _next_step(rounds, error), error))
        said = ", ".join(f"{percent(share)} of {percent(error)}" for share, error in zip(shares, LEVELS, strict=True))
        lines.append(f"{rounds} rounds, all {2**rounds} patterns: missed {said}")
    tell(
        did="Gave the magnitudes of 6 to 10 rounds every possible pattern of signs – under “no difference” all "
        "are equally likely – and counted how often the interval misses 0, at four chances of error. Nothing "
        "random is in this.",
        saw=lines,
        wrong="more misses than the chance of error allows, or so few that the next narrower interval would have "
        "been allowed, too.",
    )
    for share, next_share, error in missed:
        assert share <= error < next_share


def _signed(sizes: list[float], signs: tuple[int, ...]) -> list[float]:
    return [sign * size for sign, size in zip(signs, sizes, strict=True)]


def _next_step(rounds: int, error: float) -> float:
    """Return by how much the next narrower interval would miss more often, from SciPy's own test."""
    ranks = range(1, rounds + 1)
    sums = sorted(
        sum(rank for rank, sign in zip(ranks, signs, strict=True) if sign) for signs in product((0, 1), repeat=rounds)
    )
    allowed = [total for total in range(len(sums)) if 2 * sum(each <= total for each in sums) <= error * 2**rounds]
    return 2 * sums.count(max(allowed, default=-1) + 1) / float(2**rounds)


def test_interval_against_scipy(tell: Story) -> None:
    """The interval's ends are exactly where SciPy's signed-rank test begins to reject."""
    random_, checked, wrong = random.Random(11), 0, []
    for rounds in (6, 7, 9, 12, 20):
        for _ in range(20):
            values = [random_.gauss(0.2, 1) for _ in range(rounds)]
            for error in LEVELS:
                bounds = statistics.interval(values, error)
                if bounds is None:
                    assert 2 / 2**rounds > error  # so few rounds can't be so sure
                    continue
                for bound, inwards in ((bounds[0], 1e-9), (bounds[1], -1e-9)):
                    p = [_p(values, bound + step) for step in (inwards, -inwards)]
                    checked += 1
                    if not p[0] > error >= p[1]:
                        wrong.append((rounds, error, bound, p))
    tell(
        did="Drew 100 samples of 6 to 20 rounds, took the interval at four chances of error, and asked "
        "scipy.stats.wilcoxon for the exact p-value a hair inside and a hair outside of each end.",
        saw=[f"{checked} ends compared, {len(wrong)} where SciPy disagrees"],
        wrong="one end at which SciPy doesn't change from “not rejected” to “rejected”.",
    )
    assert checked > 500
    assert wrong == []


def _p(values: list[float], centre: float) -> float:
    return float(scipy.stats.wilcoxon([value - centre for value in values], method="exact").pvalue)


def test_coverage_by_simulation(tell: Story) -> None:
    """The interval covers for bell-shaped and for heavy-tailed noise alike."""
    runs, lines, shares = 4000, [], []
    draws: dict[str, Callable[[random.Random], float]] = {
        "normal": lambda random_: random_.gauss(0, 0.1),
        "Student's t, 2 degrees of freedom": lambda random_: random_.gauss(0, 0.1) / math.sqrt(random_.expovariate(1)),
    }
    for name, draw in draws.items():
        for rounds in (6, 9):
            random_ = random.Random(f"{name} {rounds}")
            missed = 0
            for _ in range(runs):
                bounds = statistics.interval([draw(random_) for _ in range(rounds)], 0.05)
                assert bounds is not None
                missed += not bounds[0] <= 0 <= bounds[1]
            shares.append(missed / runs)
            lines.append(
                f"{name}, {rounds} rounds: missed in {percent(missed / runs)} of {runs:,} runs (at most 5 % is "
                "promised)"
            )
    limit = scipy.stats.binom.ppf(1 - 1e-6, runs, 0.05) / runs
    tell(
        did="Simulated the log ratios of 6 and 9 rounds without any difference and looked how often the 95 % "
        "interval misses 0.",
        saw=lines,
        wrong=f"more than {percent(limit)}, which chance alone would give once in a million runs of this proof.",
    )
    assert all(share <= limit for share in shares)
