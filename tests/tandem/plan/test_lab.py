"""The plan of a laboratory run: kinds are rows, parts say how much of them, and only the headline earns verdicts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tandem.drive import generator
from tandem.errors import TandemError
from tandem.experiments import harmed
from tandem.plan import kinds, lab, stacks
from tandem.plan.comparison import Plan
from tandem.plan.lab import PARTS
from tests.support.lab import ROWS


def planned(part: str = "headline", **given: Any) -> Plan:
    return lab.plan(PARTS[part], stacks.load(), **{"seed": 1, **given})


def test_the_headline_can_decide_each_of_its_ratios_and_takes_40_minutes() -> None:
    plan = planned()
    names = [load.scenario for load in plan.loads]
    assert names == ["sleep-in-handler", "wait", "compute", "compute control"]
    assert [(each.scenario, each.metric) for each in plan.headlines] == [(name, "late") for name in names[:3]]
    assert (plan.exploratory, plan.rounds, plan.watched) == (None, 8, True)
    assert 30 * 60 < plan.seconds() < 45 * 60
    assert plan.measured("decoy") == []


def test_a_control_has_the_same_schedule_and_nobody_asks_for_it() -> None:
    *_, compute, control = planned().loads
    assert compute.blocking is not None
    assert control.blocking is not None
    assert control.blocking.number == compute.blocking.number == 16
    asked = [generator.drive(each).arguments for each in (compute, control)]
    assert [given[given.index("--blockers") + 1] for given in asked] == ["2", "0"]
    assert "/lab/compute?ms=200" in asked[0]


def test_every_kind_is_in_the_headline_or_among_the_other_kinds() -> None:
    plan = planned("kinds")
    rows = {load.blocking.row for load in [*plan.loads, *planned().loads] if load.blocking}
    assert rows == set(ROWS)
    assert plan.exploratory is not None
    assert "decoy" not in plan.definitions


def test_a_sweep_is_a_load_for_each_rate_and_duration() -> None:
    loads = planned("dose").loads
    doses = [(load.blocking.rate, load.blocking.milliseconds) for load in loads if load.blocking]
    assert len(set(doses)) == len(loads) == 12
    assert loads[0].blocking is not None
    assert loads[0].blocking.query == "ms=100"


def test_too_few_rounds_make_the_headline_exploratory() -> None:
    assert "give --rounds" in str(planned(rounds=2).exploratory)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"wanted": ["nap"]}, "unknown kind 'nap': known are wait, sleep-in-handler"),
        ({"names": ["asgi"]}, "two stacks or more"),
        ({"group": "nothing"}, "unknown group of stacks 'nothing'"),
        ({"baseline": "wsgi-direct"}, "is none of the stacks"),
    ],
)
def test_what_makes_no_sense_is_refused(given: dict[str, Any], says: str) -> None:
    with pytest.raises(TandemError, match=says):
        planned(**given)


def test_a_load_test_without_kinds_is_told_what_it_needs(tmp_path: Path) -> None:
    with pytest.raises(TandemError, match=r"lab\.toml"):
        kinds.load(tmp_path)
    (tmp_path / "lab.toml").write_text('[nap]\ntitle = "a nap"\n')
    with pytest.raises(TandemError, match="kind 'nap'"):
        kinds.load(tmp_path)


def test_a_kind_brings_its_own_client_and_bystander() -> None:
    loads = {load.scenario: load for load in planned("kinds").loads}
    arguments = {name: generator.drive(load).arguments for name, load in loads.items()}
    assert "--blocker-client" not in arguments["lock"]
    given = arguments["idle-crowd"]
    assert given[given.index("--blocker-client") + 1] == "stays"
    thirds = {name: each[each.index("--bystander") + 1] for name, each in arguments.items() if "--bystander" in each}
    assert thirds == {"lock": "write", "threads-full": "/lab/health-in-thread"}
    assert {loads[name].rate for name in thirds} == {1.5 * loads["hang"].rate}


@pytest.mark.parametrize(
    ("stack", "kind", "found"),
    [
        ("asgi", "sleep-in-handler", (1, 1)),
        ("asgi", "wait", (1, harmed.ENDLESS)),
        ("wsgi-gthread", "wait", (1, 16)),
        ("wsgi-gthread", "slow-sender", (1, harmed.ENDLESS)),
        ("ladder-asgi", "ladder-sleep", (1, 1)),
        ("ladder-asgi-thread", "ladder-sleep", (1, 40)),
        ("ladder-asgi-threads", "ladder-sleep", (1, 200)),
        ("ladder-asgi-processes", "ladder-sleep", (2, 1)),
        ("ladder-wsgi-workers", "ladder-sleep", (1, 4)),
    ],
)
def test_what_blockers_stand_in(stack: str, kind: str, found: tuple[int, int]) -> None:
    (blocking,) = {load.blocking for load in planned("kinds", wanted=[kind]).loads}
    assert blocking is not None
    assert harmed.queues(stacks.load()[stack], [0], blocking) == found
