"""Options become a plan or a sentence that says what to do; the plan gives every process its part."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.loadtest.conftest import Room
from tests.loadtest.toy import toy, user

GOOD: dict[str, Any] = {
    "scenario": "read", "arrivals": "poisson", "in_flight": 10, "request_timeout": 1.0, "think_time": 1.0,
    "seed_key": "0", "users_in_database": 9,
}  # fmt: skip

WRONG = [
    ("scenario", "sleeping", "There is no scenario 'sleeping'; there are everyday, "),
    ("arrivals", "random", "--arrivals must be one of poisson, uniform, closed, not 'random'."),
    ("in_flight", 0, "--in-flight must be 1 or more, not 0."),
    ("request_timeout", 0.0, "--request-timeout must be more than 0 seconds, not 0.0."),
    ("request_timeout", float("nan"), "--request-timeout must be more than 0 seconds, not nan."),
    ("request_timeout", float("inf"), "--request-timeout must be more than 0 seconds, not inf."),
    ("think_time", -1.0, "--think-time must be 0 or more seconds, not -1.0."),
    ("users_in_database", -1, "--users-in-database must be 0 or more, not -1."),
]


def make(room: Room, url: str, different: dict[str, Any], samples: str = "") -> Any:
    fixed = room.plan.Fixed("", samples, "admin", "secret-words")
    return room.plan.make(SimpleNamespace(**{**GOOD, **different}), url, fixed, ["b", "a"])


@pytest.mark.parametrize(("option", "value", "sentence"), WRONG)
def test_a_value_that_makes_no_sense(option: str, value: object, sentence: str, room: Room) -> None:
    with pytest.raises(room.target.RefusedError) as refused:
        make(room, "http://127.0.0.1:1", {option: value})
    assert str(refused.value).startswith(sentence)


def test_a_plan(room: Room, tmp_path: Path) -> None:
    with toy(user) as server:
        plan = make(room, server.url, {}, str(tmp_path / "samples.gz"))
        other = make(room, server.url, {"arrivals": "closed"})
    assert (plan.workers, plan.users, plan.recording, plan.is_closed) == (["a", "b"], 9, True, False)
    assert (other.recording, other.is_closed) == (False, True)
    assert (plan.name, plan.password, plan.is_writing) == ("admin", "secret-words", False)
    assert "secret-words" not in repr(plan)
    assert plan.run != other.run


def test_arrivals_are_numbered_once_and_without_gaps(room: Room) -> None:
    plan = room.plan.Plan("read", "poisson", 9, 1.0, 1.0, "0", 9, "cafe", False, ["a", "b", "c"], "admin", "")
    parts = [plan.part(worker, index) for index, worker in enumerate("cab")]
    numbers = [number for part in parts for number, _ in zip(part.numbers(), range(4), strict=False)]
    assert sorted(numbers) == list(range(12))
    late = [next(plan.part(worker, index).numbers()) for index, worker in ((3, "late"), (4, "later"))]
    assert len({*late, *numbers}) == 14


def test_every_process_has_a_schedule_and_names_of_its_own(room: Room) -> None:
    plan = room.plan.Plan("write", "uniform", 9, 1.0, 1.0, "0", 9, "cafe", False, ["a", "b"], "admin", "")
    parts = [plan.part(worker, index) for index, worker in enumerate(("a", "b", "late"))]
    names = {part.asker().request(0).body["username"] for part in parts}
    assert len(names) == 3
    schedules = [part.schedule(0.0) for part in parts[:2]]
    for schedule in schedules:
        schedule.change(1, 0.0)
    first, second = (schedule.due(10.0) for schedule in schedules)
    assert abs(first[0] - second[0]) == pytest.approx(0.5)
