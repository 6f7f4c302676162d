"""Statistics of paired rounds, and of two runs: pure functions of numbers, nothing about stacks or reports.

The unit is the round. A sample here is one log ratio per round, and the question is where its centre lies. Estimate and
interval are those of Hodges and Lehmann (1963) and of the exact Wilcoxon signed-rank test turned round (Bauer 1972; Hollander
and Wolfe, *Nonparametric Statistical Methods*, 2nd ed., sections 3.1 to 3.3). They assume that rounds are independent and that
the log ratios are spread symmetrically, and nothing else.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache

from tandem.rules import ERROR


def share_of_error(headlines: int, looks: int = 1) -> float:
    """Return the chance of error of one interval: 0.05 over the number of ratios that get a verdict and of planned looks.

    Bonferroni: the chance of any false verdict is at most the sum of all, however the ratios and looks depend on each other.
    """
    return ERROR / (max(headlines, 1) * looks)


def enough_rounds(rounds: int, headlines: int, looks: int = 1) -> bool:
    """Tell whether `rounds` rounds can give a verdict to each of `headlines` ratios at each look: 2/2ⁿ ≤ 0.05/(m·looks).

    2/2ⁿ is the smallest two-sided p-value that the signed-rank test of n values has: all of one sign.
    """
    return 2 * headlines * looks <= ERROR * float(2**rounds)


def smallest_rounds(headlines: int, looks: int = 1) -> int:
    """Return the fewest rounds n with 2/2ⁿ ≤ 0.05/(m·looks); for one look 1 → 6, 3 → 7, 6 → 8, 12 → 9, 25 → 10."""
    rounds = 1
    while not enough_rounds(rounds, headlines, looks):
        rounds += 1
    return rounds


def walsh_averages(values: Sequence[float]) -> list[float]:
    """Return the n(n+1)/2 averages of all pairs of values, each value paired with itself too, in ascending order."""
    return sorted((first + second) / 2 for index, first in enumerate(values) for second in values[index:])


def estimate(values: Sequence[float]) -> float:
    """Return the Hodges–Lehmann estimate of the centre, the median of the Walsh averages. Raises ValueError without values."""
    averages = walsh_averages(values)
    if not averages:
        raise ValueError("an estimate needs at least one value")
    return median(averages)


@lru_cache
def signed_rank_counts(size: int) -> tuple[int, ...]:
    """Return for T⁺ = 0, 1, … how many of the 2ⁿ sign patterns of the ranks 1…n have that sum of positive ranks."""
    counts = [1]
    for rank in range(1, size + 1):
        without, including = counts + [0] * rank, [0] * rank + counts
        counts = [a + b for a, b in zip(without, including, strict=True)]
    return tuple(counts)


def interval(values: Sequence[float], error: float) -> tuple[float, float] | None:
    """Return the exact two-sided interval of the centre that misses it with a chance of at most `error`.

    It runs from the c-th smallest to the c-th largest Walsh average, c being the largest number with P(T⁺ ≤ c − 1) ≤ error/2
    (Hollander and Wolfe, section 3.3). None where n is too small: 2/2ⁿ > error.
    """
    tail, patterns, cumulated = 0, 2 ** len(values), 0
    for count in signed_rank_counts(len(values)):
        cumulated += count
        if 2 * cumulated > error * patterns:
            break
        tail += 1
    if tail == 0 or not values:
        return None
    averages = walsh_averages(values)
    return averages[tail - 1], averages[-tail]


def smallest_effect(values: Sequence[float], error: float) -> float | None:
    """Return how far from 0 the estimate would have had to lie for the interval to exclude 0, at the observed scatter.

    Shifting all values by d shifts estimate θ and interval [L, U] by d, so this is max(θ − L, U − θ). An effect as large as
    this is seen about every second time, a larger one more often. None where there is no interval.
    """
    bounds = interval(values, error)
    if bounds is None:
        return None
    centre = estimate(values)
    return max(centre - bounds[0], bounds[1] - centre)


def shift(first: Sequence[float], second: Sequence[float]) -> float:
    """Return by how much the second values lie above the first: the median of all differences (Hodges and Lehmann 1963).

    Raises ValueError where there are none.
    """
    return median(_differences(first, second))


def median(ordered: Sequence[float]) -> float:
    """Return the median of ascending values. Raises ValueError without any."""
    if not ordered:
        raise ValueError("a median needs at least one value")
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


@lru_cache
def rank_sum_counts(first: int, second: int) -> tuple[int, ...]:
    """Return for U = 0, 1, …, m·n how many of the arrangements of m and n values have that many pairs in order."""
    if not first or not second:
        return (1,)
    # The largest value is of the second sample, and above all of the first, or of the first.
    counts = [0] * (first * second + 1)
    for place, count in enumerate(rank_sum_counts(first, second - 1)):
        counts[place + first] += count
    for place, count in enumerate(rank_sum_counts(first - 1, second)):
        counts[place] += count
    return tuple(counts)


def shift_interval(first: Sequence[float], second: Sequence[float], error: float) -> tuple[float, float] | None:
    """Return the exact two-sided interval of the shift, by the rank-sum test turned round.

    It runs from the c-th smallest to the c-th largest difference, c being the largest number with P(U ≤ c − 1) ≤ error/2 (Moses
    1953; Hollander and Wolfe, section 4.3). None where the values are too few.
    """
    counts = rank_sum_counts(len(first), len(second))
    tail, cumulated, arrangements = 0, 0, sum(counts)
    for count in counts:
        cumulated += count
        if 2 * cumulated > error * arrangements:
            break
        tail += 1
    differences = _differences(first, second)
    return (differences[tail - 1], differences[-tail]) if tail and differences else None


def _differences(first: Sequence[float], second: Sequence[float]) -> list[float]:
    return sorted(after - before for after in second for before in first)


def percentile(ordered: Sequence[float], share: float) -> float:
    """Return the nearest-rank percentile of ascending values: the ⌈share·N⌉-th; `math.inf` stands for "never answered".

    Raises ValueError without values or for a share outside 0…1.
    """
    if not ordered or not 0 <= share <= 1:
        raise ValueError("a percentile needs at least one value and a share between 0 and 1")
    rank = math.ceil(share * len(ordered) - 1e-9)  # 0.07 × 100 is 7.000000000000001 in binary
    return ordered[max(rank, 1) - 1]


def reached(ordered: Sequence[float], share: float) -> float | None:
    """Return the same, and None where it was not reached: it is +∞, or there are no values."""
    value = percentile(ordered, share) if ordered else math.inf
    return value if math.isfinite(value) else None


def binomial_tail(successes: int, trials: int, chance: float) -> float:
    """Return how likely at least so many successes are in independent trials; each has this chance, which is neither 0 nor 1."""
    if successes <= 0 or successes > trials:
        return 1.0 if successes <= 0 else 0.0
    if successes <= trials * chance:
        return 1 - binomial_tail(trials - successes + 1, trials, 1 - chance)
    ways = math.lgamma(trials + 1) - math.lgamma(successes + 1) - math.lgamma(trials - successes + 1)
    term = math.exp(ways + successes * math.log(chance) + (trials - successes) * math.log1p(-chance))
    odds = chance / (1 - chance)
    return _sum(term, successes, lambda k: odds * (trials - k) / (k + 1), 1)


def poisson_tail(count: int, expected: float) -> float:
    """Return how likely a Poisson number is at least so far off on the same side; `expected` > 0."""
    term = math.exp(count * math.log(expected) - expected - math.lgamma(count + 1))
    if count <= expected:
        return _sum(term, count, lambda k: k / expected, -1)
    return _sum(term, count, lambda k: expected / (k + 1), 1)


def _sum(term: float, start: int, factor: Callable[[int], float], step: int) -> float:
    """Add up terms from `start` on, each the last one times its factor, until they vanish."""
    total, number = 0.0, start
    while number >= 0 and term > 0:
        total += term
        times = factor(number)
        if times < 1 and term < 1e-17 * total:
            break
        term, number = term * times, number + step
    return min(total, 1.0)


def student_tail(t: float, freedom: int) -> float:
    """Return how likely Student's t is at least `t` ≥ 0, by the finite series for whole degrees of freedom.

    Abramowitz and Stegun, *Handbook of Mathematical Functions*, 26.7.3 and 26.7.4.
    """
    angle = math.atan(t / math.sqrt(freedom))
    cosine = math.cos(angle)
    odd = freedom % 2
    term = total = (cosine if freedom > 1 else 0.0) if odd else 1.0
    for number in range(2 + odd, freedom - 1, 2):
        term *= cosine * cosine * (number - 1) / number
        total += term
    inside = 2 / math.pi * (angle + math.sin(angle) * total) if odd else math.sin(angle) * total
    return max(0.0, (1 - inside) / 2)
