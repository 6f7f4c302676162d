"""Due times: a rate integrated over a fixed sequence of gaps."""

from __future__ import annotations

import math
from itertools import islice, pairwise
from random import Random
from typing import Any

import pytest
import scipy

from openloop import schedule as schedules


def played(kind: str, rate: int, seconds: float, key: str = "k", worker: int = 0) -> list[float]:
    schedule = schedules.Schedule(schedules.gaps(kind, key, worker, 2), 100.0)
    schedule.change(rate, 100.0)
    due: list[float] = schedule.due(100.0 + seconds)
    return due


def units(kind: str, number: int, key: str = "k", worker: int = 0) -> list[float]:
    return list(islice(schedules.gaps(kind, key, worker, 2), number))


def test_poisson_arrivals_are_a_poisson_process() -> None:
    due = played("poisson", 50, 200.0)
    assert abs(len(due) - 10_000) < 5 * 100, "five standard deviations"
    gaps = [after - before for before, after in pairwise(due)]
    assert scipy.stats.kstest(gaps, scipy.stats.expon(scale=1 / 50).cdf).pvalue > 1e-4


def test_uniform_arrivals_are_evenly_spread_also_over_workers() -> None:
    both = sorted([*played("uniform", 10, 60.0), *played("uniform", 10, 60.0, worker=1)])
    assert len(both) in (1199, 1200, 1201)
    assert [after - before for before, after in pairwise(both)] == pytest.approx([0.05] * (len(both) - 1))


@pytest.mark.parametrize("kind", ["poisson", "uniform"])
def test_a_key_repeats_the_schedule(kind: str) -> None:
    assert played(kind, 20, 10.0) == played(kind, 20, 10.0)
    assert played(kind, 20, 10.0, worker=1) != played(kind, 20, 10.0)
    assert played(kind, 20, 10.0, key="other") != played(kind, 20, 10.0)


def test_rate_stretch_the_sequence_and_never_change_it() -> None:
    """Whatever the rate do and whenever they are asked: arrival k is due when the integral reaches the k-th sum."""
    gaps = units("poisson", 3000)
    random = Random(5)
    schedule = schedules.Schedule(iter(gaps), 0.0)
    now, rate, area = 0.0, 0, 0.0
    integral: list[tuple[float, float, int]] = []  # from when, integral until then, rate since then
    due: list[float] = []
    for _ in range(200):
        integral.append((now, area, rate))
        pause = random.uniform(0.0, 0.5)
        now, area = now + pause, area + pause * rate
        if random.random() < 0.5:
            due += schedule.due(now)
        rate = random.choice([0, 1, 7, 40])
        schedule.change(rate, now)
    due += schedule.due(now)
    reached, total = [], 0.0
    for gap in gaps[: len(due)]:
        total += gap
        since, before, rate = next(piece for piece in reversed(integral) if piece[1] < total)
        reached.append(since + (total - before) / rate)
    assert len(due) > 500
    assert due == pytest.approx(reached)


def test_without_rate_nothing_is_due() -> None:
    schedule: Any = schedules.Schedule(iter([1.0] * 9), 10.0)
    assert schedule.next() == math.inf
    assert schedule.due(1e9) == []
    schedule.change(2, 20.0)
    assert schedule.next() == 20.5
    schedule.change(0, 20.6)
    assert schedule.next() == 20.5, "it was due before the rate went"
    assert schedule.due(1e9) == [20.5]
    assert schedule.rate == 0
