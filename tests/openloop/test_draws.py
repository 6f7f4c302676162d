"""Random numbers of an arrival: the same again for key and number, whatever was drawn before, and spread as they should be."""

from __future__ import annotations

from collections import Counter

import scipy

from openloop.draws import Draws


def drawn(draws: Draws, number: int) -> list[object]:
    draws.begin(number)
    return [
        draws.random(), draws.randrange(1, 10**6), draws.getrandbits(2000), draws.choice("abc"), draws.gauss(),
        draws.choices(range(9), range(1, 10), k=3), draws.sample(range(99), 5), draws.expovariate(3), draws.randbytes(9),
    ]  # fmt: skip


def test_they_depend_on_key_and_number_alone() -> None:
    first, other = Draws("a"), Draws("b")
    once = drawn(first, 7)
    drawn(first, 8)
    first.gauss()
    assert drawn(first, 7) == once == drawn(Draws("a"), 7)
    assert all(one != another for one, another in zip(once[:3], drawn(other, 7)[:3], strict=True))
    assert all(one != another for one, another in zip(once[:3], drawn(first, 70)[:3], strict=True))


def test_they_are_uniform_and_independent_over_arrivals_and_within_one() -> None:
    """Chi-squared over the first two draws of 20,000 arrivals in 10 × 10 cells, and Kolmogorov–Smirnov over one's many."""
    draws = Draws("key")
    cells: Counter[tuple[int, int]] = Counter()
    for number in range(20_000):
        draws.begin(number)
        cells[draws.randrange(10), int(draws.random() * 10)] += 1
    assert len(cells) == 100
    assert scipy.stats.chisquare(list(cells.values())).pvalue > 0.001
    draws.begin(1)
    assert scipy.stats.kstest([draws.random() for _ in range(20_000)], "uniform").pvalue > 0.001
