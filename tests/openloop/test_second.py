"""The second population: evenly spaced, in its part of the run, whatever happens to the first."""

from __future__ import annotations

import math

import pytest

from openloop.plan import LATECOMER, LoadPlan, ProcessShare
from openloop.request import Request
from openloop.second import Second, SecondSchedule


def request(number: int) -> Request:
    return Request("GET", f"/{number}", "/", lambda _: None)


SECOND = Second(2, 3.0, 7.0, request)


def played(schedule: SecondSchedule, until: float) -> list[tuple[float, int, str]]:
    return [(due, number, each.path) for due, number, each in schedule.due(until)]


def test_they_come_evenly_spaced_from_their_beginning_to_before_their_end() -> None:
    schedule = SecondSchedule(SECOND, began=100.0)
    assert (schedule.next(), schedule.due(102.9)) == (103.0, [])
    assert played(schedule, 104.2) == [(103.0, -1, "/0"), (103.5, -2, "/1"), (104.0, -3, "/2")]
    assert [due for due, _, _ in played(schedule, 1000.0)] == [104.5, 105.0, 105.5, 106.0, 106.5]
    assert schedule.next() == math.inf


@pytest.mark.parametrize(
    ("rate", "seconds", "number"), [(2, 4, 8), (10, 0.3, 3), (3, 1 / 3, 1), (1, 2.5, 3), (5, 0, 0)]
)
def test_so_many_as_fit(rate: float, seconds: float, number: int) -> None:
    assert len(SecondSchedule(Second(rate, 1.0, 1.0 + seconds, request), 0.0).due(1e6)) == number


def test_several_processes_share_them_and_one_that_comes_late_sends_none() -> None:
    plan = LoadPlan("x", "poisson", 1, 1.0, 0.0, "0", "run", False, ["a", "b"], {})
    found: list[tuple[float, int, str]] = []
    for worker in plan.workers:
        schedule = plan.part(worker, 0).second(SECOND, 0.0)
        assert schedule is not None
        found += played(schedule, 10.0)
    assert sorted(found) == played(SecondSchedule(SECOND, 0.0), 10.0)
    assert ProcessShare(plan, LATECOMER, 1).second(SECOND, 0.0) is None


def test_a_closed_loop_has_none() -> None:
    plan = LoadPlan("x", "closed", 1, 1.0, 0.0, "0", "run", False, ["a"], {})
    assert plan.part("a", 0).second(SECOND, 0.0) is None
