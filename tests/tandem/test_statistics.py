"""Statistics: known answers, SciPy, and brute force over all sign patterns."""

from __future__ import annotations

import math
import random
from itertools import product

import pytest
import scipy
from hypothesis import given
from hypothesis import strategies as st

from tandem import rules, statistics

VALUES = st.lists(st.floats(-5, 5, allow_subnormal=False), min_size=1, max_size=12)


@pytest.mark.parametrize(("headlines", "rounds"), [(1, 6), (3, 7), (6, 8), (7, 9), (12, 9), (13, 10), (25, 10)])
def test_the_fewest_rounds_for_a_family(headlines: int, rounds: int) -> None:
    assert statistics.smallest_rounds(headlines) == rounds
    assert statistics.enough_rounds(rounds, headlines)
    assert not statistics.enough_rounds(rounds - 1, headlines)


@pytest.mark.parametrize(("headlines", "looks", "rounds"), [(1, 2, 7), (3, 2, 8), (7, 2, 10), (12, 2, 10), (13, 2, 11)])
def test_two_looks_share_the_error(headlines: int, looks: int, rounds: int) -> None:
    assert statistics.smallest_rounds(headlines, looks) == rounds
    assert not statistics.enough_rounds(rounds - 1, headlines, looks)
    share = statistics.share_of_error(headlines, looks)
    assert share * headlines * looks == pytest.approx(rules.ERROR)
    assert statistics.interval([float(value) for value in range(rounds)], share) is not None
    assert statistics.interval([float(value) for value in range(rounds - 1)], share) is None


def test_the_estimate_on_a_known_answer() -> None:
    # Hollander and Wolfe, table 3.1: Hamilton depression scale factors of nine patients, estimate -0.46.
    before = [1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30]
    after = [0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29]
    differences = [b - a for a, b in zip(before, after, strict=True)]
    assert statistics.estimate(differences) == pytest.approx(-0.46)
    bounds = statistics.interval(differences, 0.04)  # the level 1 - .039 of the book's example 3.4
    assert bounds == pytest.approx((-0.786, -0.010))


def test_no_estimate_without_values() -> None:
    with pytest.raises(ValueError, match="one value"):
        statistics.estimate([])
    assert statistics.interval([], 0.05) is None


@given(VALUES)
def test_the_estimate_is_the_median_of_all_pairs(values: list[float]) -> None:
    pairs = [(a + b) / 2 for i, a in enumerate(values) for b in values[i:]]
    assert statistics.estimate(values) == pytest.approx(float(scipy.stats.scoreatpercentile(pairs, 50)))


@pytest.mark.parametrize("rounds", range(1, 13))
def test_the_distribution_of_the_signed_rank_sum(rounds: int) -> None:
    brute = [0] * (rounds * (rounds + 1) // 2 + 1)
    for signs in product((0, 1), repeat=rounds):
        brute[sum(rank * sign for rank, sign in enumerate(signs, 1))] += 1
    assert list(statistics.signed_rank_counts(rounds)) == brute


@pytest.mark.parametrize(
    ("rounds", "error", "there"), [(5, 0.05, False), (6, 0.05, True), (8, 0.05 / 7, False), (9, 0.05 / 7, True)]
)
def test_an_interval_exists_from_the_number_of_rounds_on_that_the_rule_names(
    rounds: int, error: float, there: bool
) -> None:
    assert (statistics.interval([float(value) for value in range(rounds)], error) is not None) is there


@given(VALUES, st.floats(-3, 3))
def test_a_shift_of_the_values_shifts_everything(values: list[float], shift: float) -> None:
    moved = [value + shift for value in values]
    assert statistics.estimate(moved) == pytest.approx(statistics.estimate(values) + shift, abs=1e-9)
    bounds, shifted = statistics.interval(values, 0.05), statistics.interval(moved, 0.05)
    assert (bounds is None) == (shifted is None)
    if bounds and shifted:
        assert shifted == pytest.approx((bounds[0] + shift, bounds[1] + shift), abs=1e-9)


def test_the_smallest_effect_is_where_the_interval_begins_to_exclude_zero() -> None:
    values = [random.Random(3).gauss(0, 1) for _ in range(3)] + [0.4, -0.7, 0.2, 0.9, -0.1]
    effect = statistics.smallest_effect(values, 0.05)
    assert effect is not None
    centred = [value - statistics.estimate(values) for value in values]
    for direction in (1, -1):
        beyond = statistics.interval([value + direction * (effect + 1e-9) for value in centred], 0.05)
        assert beyond is not None
        assert not beyond[0] <= 0 <= beyond[1]
    within = [
        statistics.interval([value + direction * (effect - 1e-9) for value in centred], 0.05) for direction in (1, -1)
    ]
    assert any(bounds is not None and bounds[0] <= 0 <= bounds[1] for bounds in within)
    assert statistics.smallest_effect([1.0, 2.0], 0.05) is None


def test_percentiles_are_nearest_ranks() -> None:
    values = [float(value) for value in range(1, 101)]
    assert [statistics.percentile(values, share) for share in (0, 0.07, 0.5, 0.99, 1)] == [1, 7, 50, 99, 100]
    assert statistics.percentile([5.0], 0.99) == 5
    assert statistics.percentile([1.0, 2.0, math.inf], 0.5) == 2
    assert statistics.percentile([1.0, 2.0, math.inf], 0.99) == math.inf


@pytest.mark.parametrize(("values", "share"), [([], 0.5), ([1.0], 1.1), ([1.0], -0.1)])
def test_no_percentile_of_nothing(values: list[float], share: float) -> None:
    with pytest.raises(ValueError, match="percentile"):
        statistics.percentile(values, share)


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=200), st.integers(0, 100))
def test_a_percentile_has_its_share_at_or_below_it(values: list[float], hundredths: int) -> None:
    ordered = sorted(values)
    found = statistics.percentile(ordered, hundredths / 100)
    assert 100 * sum(value <= found for value in ordered) >= hundredths * len(ordered)
    assert 100 * sum(value < found for value in ordered) <= max(hundredths * len(ordered) - 1, 0)


@given(st.integers(0, 400), st.integers(1, 400), st.sampled_from([0.001, 0.01, 0.5]))
def test_the_tail_of_a_binomial_number(successes: int, trials: int, chance: float) -> None:
    expected = float(scipy.stats.binom.sf(successes - 1, trials, chance))
    assert statistics.binomial_tail(successes, trials, chance) == pytest.approx(expected, rel=1e-6, abs=1e-12)


@given(st.integers(0, 4000), st.floats(0.2, 3600))
def test_the_tail_of_a_poisson_number(count: int, expected: float) -> None:
    poisson = scipy.stats.poisson(expected)
    tail = float(poisson.cdf(count) if count <= expected else poisson.sf(count - 1))
    assert statistics.poisson_tail(count, expected) == pytest.approx(tail, rel=1e-6, abs=1e-12)


@given(st.floats(0, 50), st.integers(1, 200))
def test_the_tail_of_student_s_t(t: float, freedom: int) -> None:
    expected = float(scipy.stats.t.sf(t, freedom))
    assert statistics.student_tail(t, freedom) == pytest.approx(expected, rel=1e-6, abs=1e-12)


def test_the_shift_between_two_samples_on_a_known_answer() -> None:
    # Hollander and Wolfe, table 4.1: permeability of ten membranes at term and of five before; estimate -0.305.
    term = [0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46]
    before = [1.15, 0.88, 0.90, 0.74, 1.21]
    assert statistics.shift(term, before) == pytest.approx(-0.305)
    assert statistics.shift_interval(term, before, 0.04) == pytest.approx((-0.76, 0.15))


@pytest.mark.parametrize(("first", "second"), [(3, 4), (7, 7), (9, 6)])
def test_the_interval_of_a_shift_is_the_rank_sum_test_turned_round(first: int, second: int) -> None:
    generator = random.Random(first)
    mine, theirs = ([generator.gauss(0, 1) for _ in range(size)] for size in (first, second))
    error = 0.1
    bounds = statistics.shift_interval(mine, theirs, error)
    assert bounds is not None
    for bound, outwards in zip(bounds, (-1e-6, 1e-6), strict=True):
        for step, is_inside in ((-outwards, True), (outwards, False)):
            moved = [value - bound - step for value in theirs]
            assert (scipy.stats.mannwhitneyu(moved, mine, method="exact").pvalue > error) == is_inside


def test_too_few_rounds_have_no_interval_of_their_shift() -> None:
    assert statistics.shift_interval([1.0, 2.0], [3.0, 4.0], 0.05) is None
    assert statistics.shift_interval([], [1.0], 0.5) is None
    with pytest.raises(ValueError, match="one value"):
        statistics.shift([], [1.0])


@pytest.mark.parametrize(("share", "value"), [(0.5, 2.0), (0.51, 3.0), (1.0, 4.0), (0.01, 1.0)])
def test_percentiles_are_nearest_rank(share: float, value: float) -> None:
    assert statistics.reached([1.0, 2.0, 3.0, 4.0], share) == value


def test_nothing_has_no_percentile() -> None:
    assert statistics.reached([], 0.5) is None
