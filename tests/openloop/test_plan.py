"""Options become a plan or a sentence that says what to do; the plan gives every process its part."""

from __future__ import annotations

from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest

from openloop.plan import Fixed, LoadPlan, make
from openloop.request import Request
from openloop.scenario import Scenario
from openloop.target import RefusedError, Target
from tests.loadtest.toy import toy, user

GOOD: dict[str, Any] = {
    "scenario": "read", "arrivals": "poisson", "in_flight": 10, "request_timeout": 1.0, "think_time": 1.0,
    "seed_key": "0", "items": 9,
}  # fmt: skip

WRONG = [
    ("scenario", "sleeping", "There is no scenario 'sleeping'; there are read, refused."),
    ("arrivals", "random", "--arrivals must be one of poisson, uniform, closed, not 'random'."),
    ("in_flight", 0, "--in-flight must be 1 or more, not 0."),
    ("request_timeout", 0.0, "--request-timeout must be more than 0 seconds, not 0.0."),
    ("request_timeout", float("nan"), "--request-timeout must be more than 0 seconds, not nan."),
    ("request_timeout", float("inf"), "--request-timeout must be more than 0 seconds, not inf."),
    ("think_time", -1.0, "--think-time must be 0 or more seconds, not -1.0."),
    ("scenario", "refused", "There are no items."),
]


def count_items(target: Target, options: Any) -> dict[str, Any]:
    return {"items": options.items, "status": target.get("/healthz")[0], "password": "secret-words"}


def refuse(target: Target, options: Any) -> dict[str, Any]:
    raise RefusedError("There are no items.")


def item(random: Random) -> Request:
    return Request("GET", f"/{random.random()}", "/{id}", lambda answer: None)


SCENARIOS = {
    "read": Scenario(lambda process: item, prepare=count_items),
    "refused": Scenario(lambda process: item, prepare=refuse),
}


def made(url: str, different: dict[str, Any], samples: str = "") -> LoadPlan:
    return make(SimpleNamespace(**{**GOOD, **different}), url, Fixed("", samples), ["b", "a"], SCENARIOS)


@pytest.mark.parametrize(("option", "value", "sentence"), WRONG)
def test_a_value_that_makes_no_sense(option: str, value: object, sentence: str) -> None:
    with pytest.raises(RefusedError) as refused:
        made("http://127.0.0.1:1", {option: value})
    assert str(refused.value).startswith(sentence)


def test_samples_that_cannot_be_written(tmp_path: Path) -> None:
    for file, reason in {tmp_path / "missing" / "file": "its folder does not exist", tmp_path: "is a folder"}.items():
        with pytest.raises(RefusedError, match=f"--samples {file}.*{reason}"):
            made("http://127.0.0.1:1", {}, str(file))


def test_a_plan(tmp_path: Path) -> None:
    with toy(user) as server:
        plan = made(server.url, {}, str(tmp_path / "samples.gz"))
        other = made(server.url, {"arrivals": "closed"})
    assert (plan.workers, plan.recording, plan.is_closed) == (["a", "b"], True, False)
    assert (other.recording, other.is_closed) == (False, True)
    assert plan.facts == {"items": 9, "status": 200, "password": "secret-words"}
    assert "secret-words" not in repr(plan)
    assert plan.run != other.run


def test_arrivals_are_numbered_once_and_without_gaps() -> None:
    plan = LoadPlan("read", "poisson", 9, 1.0, 1.0, "0", "cafe", False, ["a", "b", "c"], {})
    parts = [plan.part(worker, index) for index, worker in enumerate("cab")]
    numbers = [number for part in parts for number, _ in zip(part.numbers(), range(4), strict=False)]
    assert sorted(numbers) == list(range(12))
    late = [next(plan.part(worker, index).numbers()) for index, worker in ((3, "late"), (4, "later"))]
    assert len({*late, *numbers}) == 14


def test_every_process_has_a_schedule_and_names_of_its_own() -> None:
    plan = LoadPlan("write", "uniform", 9, 1.0, 1.0, "0", "cafe", False, ["a", "b"], {})
    parts = [plan.part(worker, index) for index, worker in enumerate(("a", "b", "late"))]
    assert len({part.name for part in parts}) == 3
    assert len({part.factory(item).request(0).path for part in parts}) == 1, (
        "the same number asks for the same everywhere"
    )
    schedules = [part.schedule(0.0) for part in parts[:2]]
    for schedule in schedules:
        schedule.change(1, 0.0)
    first, second = (schedule.due(10.0) for schedule in schedules)
    assert abs(first[0] - second[0]) == pytest.approx(0.5)
