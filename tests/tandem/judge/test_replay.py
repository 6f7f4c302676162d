"""The replay of a schedule against closed forms, and against itself by hand."""

from __future__ import annotations

import math
import random

import pytest

from tandem.judge import replay
from tandem.judge.replay import Inside, Job

RATE, BLOCK, TARGET = 120.0, 0.2, 0.1


def poisson(rate: float, seconds: float, seed: int = 1) -> list[float]:
    found, now, drawn = [], 0.0, random.Random(seed)
    while (now := now + drawn.expovariate(rate)) < seconds:
        found.append(now)
    return found


def missed(blockers: list[float], service: float, queues: int, places: int, seconds: float, target: float) -> float:
    """The share of bystanders that wait longer than the target."""
    others = [(due, 0.0) for due in poisson(RATE, seconds)]
    times = replay.responses_ms(others, [Job(due, BLOCK) for due in blockers], service, queues, places)
    return sum(time > 1000 * target for time in times) / len(times)


def test_lindley_by_hand() -> None:
    jobs = [Job(0.0, 1.0), Job(0.5, 1.0), Job(0.6, 0.1), Job(3.0, 1.0)]
    assert replay.waits(jobs, 1, 1) == pytest.approx([0.0, 0.5, 1.4, 0.0])


def test_kiefer_and_wolfowitz_by_hand() -> None:
    jobs = [Job(0.0, 1.0), Job(0.1, 1.0), Job(0.2, 1.0), Job(0.3, 1.0), Job(2.0, 1.0)]
    assert replay.waits(jobs, 1, 2) == pytest.approx([0.0, 0.0, 0.8, 0.8, 0.0])


def test_of_several_queues_the_shortest_is_joined_and_stayed_in() -> None:
    jobs = [Job(0.0, 1.0), Job(0.1, 0.1), Job(0.15, 0.1), Job(0.16, 0.1), Job(0.3, 0.1)]
    assert replay.waits(jobs, 2, 1) == pytest.approx([0.0, 0.0, 0.85, 0.04, 0.0])


def test_separate_blocks_make_as_many_late_as_the_closed_form_says() -> None:
    """Each costs λ(D − T)/r on one loop, r = 1 − λs: misses of a fluid that drains at rate r."""
    service, seconds = 0.0006, 500.0
    found = missed([float(second) for second in range(int(seconds))], service, 1, 1, seconds, TARGET)
    assert found * RATE == pytest.approx(RATE * (BLOCK - TARGET) / (1 - RATE * service), rel=0.02)


@pytest.mark.parametrize("target", [0.02, 0.1])
def test_blocks_at_random_times_as_the_closed_form_of_one_loop_says(target: float) -> None:
    """M/D/1 with bystanders that cost nothing: P(W > T) = 1 − (1 − a)·exp(bT), for T < D."""
    rate, seconds = 1.0, 2000.0
    found = missed(poisson(rate, seconds, seed=2), 0.0, 1, 1, seconds, target)
    assert found == pytest.approx(1 - (1 - rate * BLOCK) * math.exp(rate * target), rel=0.1)


def test_a_shared_queue_of_places_hides_single_blocks_and_not_many() -> None:
    """About P(Poisson(b(D − T)) ≥ c) at light load, so no block alone is seen with two places, and three are."""
    seconds = 2000.0
    apart = missed([float(second) for second in range(int(seconds))], 0.0, 1, 2, seconds, TARGET)
    assert apart == 0
    found = missed(poisson(2.0, seconds, seed=3), 0.0, 1, 2, seconds, TARGET)
    assert found == pytest.approx(0.0197, rel=0.3), "exact, by Crommelin (1932)"
    assert missed(poisson(2.0, seconds, seed=3), 0.0, 1, 16, seconds, TARGET) == 0


def test_who_needs_a_place_inside_keeps_its_own_meanwhile() -> None:
    """Two slots and one writer: the second who writes waits in its slot, and who wants none of it finds no slot."""
    jobs = [Job(0.0, 1.0, True), Job(0.1, 0.1, True), Job(0.2, 0.1), Job(2.0, 0.1)]
    assert replay.waits(jobs, 1, 2, Inside(1)) == pytest.approx([0.0, 0.9, 0.8, 0.0])
    assert replay.waits(jobs, 1, 2) == pytest.approx([0.0, 0.0, 0.0, 0.0])


def test_only_who_needs_it_waits_for_what_is_beside_a_loop() -> None:
    blockers = [Job(number / 100, 1.0, True) for number in range(40)]
    others = [(0.5, 1.0), (0.5, 1.0)]
    times = replay.responses_ms(others, blockers, 0.0, 1, 100, Inside(40), [True, False])
    assert times == pytest.approx([501.0, 1.0])


def test_one_for_all_queues_is_shared_by_them() -> None:
    jobs = [Job(0.0, 1.0, True), Job(0.1, 1.0, True)]
    assert replay.waits(jobs, 2, 1, Inside(1, shared=True)) == pytest.approx([0.0, 0.9])
    assert replay.waits(jobs, 2, 1, Inside(1)) == pytest.approx([0.0, 0.0])
