"""Simulated comparisons: how often a verdict is false, and an interval holds the truth; `tests/selftest` judges runs."""

from __future__ import annotations

import math
import os
import random

import pytest

from tandem.plan import comparison, profiles, stacks
from tests.selftest.decided import SHAPES, decided
from tests.support.verdicts import judge


def test_two_looks_together_give_false_verdicts_at_most_at_the_nominal_rate() -> None:
    """Whoever extends each undecided run once, as planned, still sees false verdicts in at most 5 % of all runs."""
    random_ = random.Random(2028)
    runs, false = 400, 0
    for _ in range(runs):
        headlines = [[math.exp(random_.gauss(0, 0.3)) for _ in range(12)] for _ in range(3)]
        false += any(
            judge(ratios[:rounds], headlines=3, looks=2).verdict in ("better", "worse")
            for ratios in headlines
            for rounds in (8, 12)
        )
    assert false <= runs * 0.05 + 2 * math.sqrt(runs * 0.05 * 0.95)


def test_drift_and_skew_give_no_more_false_verdicts() -> None:
    """Identical stacks, log-normal noise with a drift over the rounds: at most 5 % of the runs may say anything."""
    random_ = random.Random(2026)
    runs, false = 400, 0
    for _ in range(runs):
        drift = random_.uniform(-0.05, 0.05)
        for _ in range(3):
            ratios = [
                math.exp(random_.gauss(0, 0.15) + drift * number - random_.gauss(0, 0.15) - drift * number)
                for number in range(7)
            ]
            if judge(ratios, headlines=3).verdict in ("better", "worse"):
                false += 1
                break
    assert false <= runs * 0.05 + 2 * math.sqrt(runs * 0.05 * 0.95)


def test_intervals_hold_the_true_ratio_as_often_as_they_say() -> None:
    """Of 1,000 comparisons with a true ratio of 1.3; the exploratory intervals have 95 %, of nine rounds exactly 96.1 %."""
    random_, runs, held = random.Random(2027), 1000, 0
    for _ in range(runs):
        ratios = [1.3 * math.exp(random_.gauss(0, 0.1) - random_.gauss(0, 0.1)) for _ in range(9)]
        found = judge(ratios, headlines=1)
        assert found.confidence == 0.95
        assert found.adjusted is not None
        held += found.adjusted.low <= 1.3 <= found.adjusted.high
    assert held / runs >= 0.95 - 2 * math.sqrt(0.95 * 0.05 / runs)


def test_what_a_profile_asks_is_decided_nine_times_in_ten_at_the_scatter_of_sliced_rounds() -> None:
    """A ratio of 1.2 between stacks, and in the longer profiles also that there is none, at a scatter of 5 %."""
    for shape in SHAPES:
        assert decided(shape, 1.2, 0.05, runs=200) >= 0.9
        assert decided(shape, 1 / 1.2, 0.05, runs=200) >= 0.9
        alike = decided(shape, 1, 0.05, runs=200)
        assert alike == 0 if shape.quick else alike >= 0.9
        assert decided(shape, 1.1, 0.1, runs=200) < 0.5  # beside δ nothing is to be had


def test_the_shapes_that_are_simulated_are_those_of_the_profiles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})
    for shape in SHAPES:
        plan = comparison.plan(profiles.PROFILES[shape.name], stacks.load(), seed=1)
        assert plan.rounds == shape.rounds
        ratios = len(plan.headlines) * (len(plan.definitions) - 2)
        assert ratios <= shape.ratios <= 0.05 / 2 * 2**shape.rounds
