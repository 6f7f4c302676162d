"""The second population: evenly spaced or at random, in its part of the run, whatever happens to the first."""

from __future__ import annotations

import dataclasses
import math
from itertools import pairwise

import pytest

from openloop.plan import LATECOMER, LoadPlan, ProcessShare
from openloop.request import Request
from openloop.second import AT_RANDOM, SPREADS, Second, SecondSchedule, dues


def request(left: float) -> Request:
    return Request("GET", f"/{left:g}", "/", lambda _: None)


SECOND = Second(2, 3.0, 7.0, request)
RANDOM = dataclasses.replace(SECOND, arrivals=AT_RANDOM)


def played(schedule: SecondSchedule, until: float) -> list[tuple[float, int, str]]:
    return [(due, number, each.path) for due, number, each in schedule.due(until)]


def test_they_come_evenly_spaced_from_their_beginning_to_before_their_end() -> None:
    schedule = SecondSchedule(SECOND, began=100.0, key="0")
    assert (schedule.next(), schedule.due(102.9)) == (103.0, [])
    assert played(schedule, 104.2) == [(103.0, -1, "/4"), (103.5, -2, "/3.5"), (104.0, -3, "/3")]
    assert [due for due, _, _ in played(schedule, 1000.0)] == [104.5, 105.0, 105.5, 106.0, 106.5]
    assert schedule.next() == math.inf


@pytest.mark.parametrize("arrivals", SPREADS)
@pytest.mark.parametrize(
    ("rate", "seconds", "number"), [(2, 4, 8), (10, 0.3, 3), (3, 1 / 3, 1), (1, 2.5, 3), (5, 0, 0)]
)
def test_so_many_as_fit(rate: float, seconds: float, number: int, arrivals: str) -> None:
    assert len(SecondSchedule(Second(rate, 1.0, 1.0 + seconds, request, arrivals), 0.0, "0").due(1e6)) == number


def test_at_random_they_are_the_same_for_a_key_and_stay_in_their_part() -> None:
    found = dues(RANDOM, "key")
    assert found == dues(RANDOM, "key") == sorted(found)
    assert found != dues(RANDOM, "another")
    assert RANDOM.start < found[0] < found[-1] < RANDOM.end


def test_at_random_the_gaps_scatter_as_those_of_a_poisson_process() -> None:
    """Of exponential gaps the share 1 ÷ e is longer than the mean, and the deviation is the mean."""
    gaps = [later - earlier for earlier, later in pairwise(dues(dataclasses.replace(RANDOM, rate=1000), "0"))]
    mean = sum(gaps) / len(gaps)
    assert sum(gap > mean for gap in gaps) / len(gaps) == pytest.approx(math.exp(-1), abs=0.03)
    assert math.sqrt(sum((gap - mean) ** 2 for gap in gaps) / len(gaps)) == pytest.approx(mean, rel=0.1)


@pytest.mark.parametrize("second", [SECOND, RANDOM])
def test_several_processes_share_them_and_one_that_comes_late_sends_none(second: Second) -> None:
    plan = LoadPlan("x", "poisson", 1, 1.0, 0.0, "0", "run", False, ["a", "b"], {})
    found: list[tuple[float, int, str]] = []
    for worker in plan.workers:
        schedule = plan.part(worker, 0).second(second, 0.0)
        assert schedule is not None
        found += played(schedule, 10.0)
    assert sorted(found) == played(SecondSchedule(second, 0.0, "0"), 10.0)
    assert ProcessShare(plan, LATECOMER, 1).second(second, 0.0) is None


def test_a_closed_loop_has_none() -> None:
    plan = LoadPlan("x", "closed", 1, 1.0, 0.0, "0", "run", False, ["a"], {})
    assert plan.part("a", 0).second(SECOND, 0.0) is None
