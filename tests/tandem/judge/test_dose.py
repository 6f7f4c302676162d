"""Closed forms of dose and response, held against the replay of drawn schedules and against each other."""

from __future__ import annotations

import math
import random

import pytest
import scipy

from tandem.judge import dose, replay
from tandem.judge.replay import Job


def replayed(rate: float, seconds: float, slack: float, places: int, spaced: bool = False) -> float:
    """The share of 40,000 bystanders that wait longer, by replaying blockers over 4,000 s."""
    drawn, length = random.Random(1), 4000.0
    count = int(rate * length)
    dues = (
        [(n + 0.5) / rate for n in range(count)] if spaced else sorted(drawn.uniform(0, length) for _ in range(count))
    )
    bystanders = [(drawn.uniform(0, length), 0.0) for _ in range(40_000)]
    times = replay.responses_ms(sorted(bystanders), [Job(due, seconds) for due in dues], 0.0, 1, places)
    return sum(time > 1000 * slack for time in times) / len(times)


@pytest.mark.parametrize(("rate", "slack"), [(1, 0.02), (1, 0.1), (2, 0.1), (2, 0.5)])
def test_one_loop_is_what_a_replay_says(rate: float, slack: float) -> None:
    assert dose.loop(rate, 0.2, slack) == pytest.approx(replayed(rate, 0.2, slack, 1), abs=0.015)


def test_evenly_spaced_each_costs_the_same() -> None:
    assert dose.spaced(2, 0.2, 0.1) == pytest.approx(replayed(2, 0.2, 0.1, 1, spaced=True), abs=0.01)
    assert dose.spaced(2, 0.2, 0.1, 0.2) == pytest.approx(0.25)
    assert dose.spaced(2, 0.2, 0.3) == 0


@pytest.mark.parametrize(("rate", "slots"), [(2, 2), (5, 3), (8, 4)])
def test_a_shared_pool_is_about_what_a_replay_says(rate: float, slots: int) -> None:
    found, seen = dose.shared(rate, 0.2, 0.1, slots), replayed(rate, 0.2, 0.1, slots)
    assert 0.6 * seen < found < 1.1 * seen  # where few wait: it leaves out who had queued before


def test_the_slope_is_one_for_a_loop_and_the_slots_for_a_pool() -> None:
    def slope(of: object, *more: int) -> float:
        assert callable(of)
        low, high = (of(rate, 0.2, 0.1, *more) for rate in (0.02, 0.04))
        return math.log2(high / low)

    assert slope(dose.loop) == pytest.approx(1, abs=0.02)
    assert slope(dose.shared, 3) == pytest.approx(3, abs=0.02)


def test_beyond_what_fits_everybody_waits() -> None:
    assert dose.loop(5, 0.2, 0.1) == dose.shared(15, 0.2, 0.1, 3) == 1


def test_what_is_expected_of_a_stack_depends_on_its_queues_and_on_how_they_come() -> None:
    assert dose.expected("poisson", 2, 0.2, 0.1, 0.0, 2, 1) == dose.loop(1, 0.2, 0.1)
    assert dose.expected("poisson", 2, 0.2, 0.1, 0.0, 1, 16) == dose.shared(2, 0.2, 0.1, 16)
    assert dose.expected("uniform", 2, 0.2, 0.1, 0.0, 2, 1) == dose.spaced(1, 0.2, 0.1)
    assert [dose.expected("uniform", rate, 0.2, 0.1, 0.0, 2, 16) for rate in (150, 170)] == [0, 1]


def test_a_pool_without_an_end_is_reckoned_with_too() -> None:
    assert dose.shared(1000, 0.2, 0.1, 100_000) == pytest.approx(0, abs=1e-12)
    assert dose.shared(50, 0.2, 0.3, 200) == 0
    assert dose.shared(990, 0.2, 0.02, 200) == pytest.approx(scipy.stats.poisson.sf(199, 990 * 0.18))
