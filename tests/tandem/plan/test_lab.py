"""The plan of a laboratory run: kinds are rows, parts say how much of them, and only the headline earns verdicts."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tandem.drive import command
from tandem.errors import TandemError
from tandem.paths import PROJECT
from tandem.plan import kinds, lab, stacks
from tandem.plan.lab_parts import PARTS
from tandem.records.setup import Budget, Load
from tandem.rules import BAD_POINTS, HEADLINE_TARGET, TARGETS_MS
from tests.support.lab import ROWS, planned
from userdb.settings import from_environment


def budget(stack: str) -> Budget:
    return stacks.load()[stack].budget(1)


def dose(load: Load) -> float:
    """How many block at once, on average."""
    assert load.blocking is not None
    return load.blocking.rate * load.blocking.milliseconds / 1000


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
    asked = [command.drive(each).arguments for each in (compute, control)]
    assert [given[given.index("--blockers") + 1] for given in asked] == ["2", "0"]
    assert "/lab/compute?ms=200" in asked[0]


def test_every_kind_is_in_the_headline_or_among_the_other_kinds() -> None:
    plan = planned("kinds")
    rows = {load.blocking.row for load in [*plan.loads, *planned().loads] if load.blocking}
    assert rows == set(ROWS)
    assert plan.exploratory is not None
    assert "decoy" not in plan.definitions


def test_a_sweep_is_a_load_for_each_rate_and_duration_at_random_and_evenly_elsewhere() -> None:
    plan = planned("dose")
    doses = [(load.blocking.rate, load.blocking.milliseconds) for load in plan.loads if load.blocking]
    assert len(set(doses)) == len(plan.loads) == 12
    assert plan.loads[0].blocking is not None
    assert plan.loads[0].blocking.query == "ms=200"
    assert all("--blocker-arrivals poisson" in " ".join(command.drive(load).arguments) for load in plan.loads)
    assert not any("--blocker-arrivals" in command.drive(load).arguments for load in planned().loads)


def test_the_sweep_crosses_the_cliff_of_the_shared_pool() -> None:
    plan = planned("dose")
    slots = budget("wsgi-gthread").slots
    assert slots is not None
    assert max(map(dose, plan.measured("wsgi-gthread"))) >= slots
    assert max(map(dose, plan.measured("asgi"))) < 2  # or it would stand for minutes


def test_only_what_burns_in_the_place_of_blockers_burns_evenly_where_they_come_at_random() -> None:
    loads = lab.plan(replace(PARTS["kinds"], arrivals="poisson"), stacks.load(), seed=1, wanted=["garbage"]).loads
    found = {(load.blocking.control, load.blocking.arrivals) for load in loads if load.blocking}
    assert found == {(False, "poisson"), (True, "uniform")}


def test_a_stack_has_no_load_that_it_would_not_be_through_with() -> None:
    plan = planned("kinds")
    left_out = {load.scenario for load in plan.loads} - {load.scenario for load in plan.measured("wsgi-sync")}
    assert left_out == {"pool-held", "hang", "hang-up", "threads-full"}
    assert plan.measured("wsgi-gthread") == plan.measured("asgi") == plan.loads
    assert [load.scenario for load in planned("kinds", names=["wsgi-sync", "asgi"], wanted=["lock", "hang"]).loads
            if load.stacks == ["asgi"]] == ["hang"]  # fmt: skip
    with pytest.raises(TandemError, match="ladder-wsgi would be busy with what blocks long after"):
        planned("kinds", names=["wsgi-sync", "ladder-wsgi"], wanted=["hang"])


def test_what_is_to_run_out_runs_out() -> None:
    """Rate × duration is how many hold something at once: more than there is of it, on each stack that is measured."""
    plan = planned("kinds")
    loads = {load.scenario: load for load in plan.loads}
    for name, stack in plan.definitions.items():
        if loads["pool-held"] in plan.measured(name):
            connections = int(stack.environment["READ_CONNECTIONS"]) * budget(name).processes
            assert dose(loads["pool-held"]) > connections
        for kind in ("hang", "hang-up"):
            if loads[kind] in plan.measured(name):
                assert dose(loads[kind]) > (budget(name).slots or 0)
    assert dose(loads["threads-full"]) > from_environment({}).pool_threads == 40


def test_the_lock_is_held_for_long_enough_to_harm_and_short_enough_to_be_let_go() -> None:
    (blocking,) = {load.blocking for load in planned("kinds", wanted=["lock"]).loads}
    assert blocking is not None
    longer = blocking.milliseconds - TARGETS_MS[HEADLINE_TARGET]
    assert blocking.rate * longer / 1000 > BAD_POINTS / 100
    assert blocking.rate * blocking.milliseconds / 1000 < 1


def test_a_load_of_the_ladder_tells_how_many_threads_there_are() -> None:
    plan = planned("ladder")
    (crowd,) = (load for load in plan.loads if load.scenario == "ladder-crowd")
    usual, resized = (stacks.load()[name].ladder_places for name in ("ladder-asgi-thread", "ladder-asgi-threads"))
    assert usual is not None
    assert resized is not None
    assert usual < dose(crowd) < resized
    assert crowd.blocking is not None
    assert crowd.blocking.bystander == "/lab/health-in-thread"
    assert plan.loads[-1] is crowd
    assert {"ladder-asgi-thread", "ladder-asgi-threads", "ladder-asgi-async", "ladder-wsgi-threads"} <= set(
        crowd.stacks
    )
    assert "ladder-asgi" not in crowd.stacks
    assert plan.baseline == "ladder-asgi"


@pytest.mark.parametrize("part", PARTS)
def test_the_guide_knows_how_long_a_part_takes(part: str) -> None:
    text = (PROJECT / "docs" / "blocking.md").read_text()
    option = "" if part == "headline" else f" --part {part}"
    [minutes] = re.findall(rf"^\| `tandem lab{option}` \| .* \| (\d+) min \|$", text, re.MULTILINE)
    assert planned(part).seconds() == pytest.approx(60 * int(minutes), rel=0.15, abs=60)


def test_what_is_done_right_differs_in_nothing_but_the_path_and_what_it_holds() -> None:
    plan = planned("repairs")
    loads = {load.scenario: load for load in plan.loads}
    right = {load.schedule: load for load in plan.loads if load.scenario.endswith(" right")}
    assert right.keys() == {name for name, row in ROWS.items() if "right" in row}
    for name, load in right.items():
        row, wrong, found = ROWS[name], loads[name].blocking, load.blocking
        assert wrong is not None
        assert found is not None
        assert (found.route, found.holds_loop, found.planted) == (f"GET {row['right']}", False, "")
        assert found.milliseconds == row.get("right_ms", wrong.milliseconds)
        same = {key: getattr(wrong, key) for key in ("query", "client", "bystander", "rate", "before", "on", "after")}
        assert {key: getattr(found, key) for key in same} == same
        same_stacks = msgspec.structs.replace(load, scenario=name, blocking=wrong, stacks=loads[name].stacks)
        assert same_stacks == loads[name]
    computing = [name for name in right if ROWS[name]["cpu"]]
    assert len(loads) == 2 * len(right) + len(computing)
    assert plan.exploratory is not None
    assert 35 * 60 < plan.seconds() < 50 * 60


def test_the_ladder_has_the_control_of_what_computes() -> None:
    plan = planned("ladder")
    assert [load.scenario for load in plan.loads][:3] == ["ladder-sleep", "ladder-password", "ladder-password control"]
    assert plan.loads[2].blocking is not None


def test_too_few_rounds_make_the_headline_exploratory() -> None:
    assert "give --rounds" in str(planned(rounds=2).exploratory)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"wanted": ["nap"]}, "unknown kind 'nap': known are wait, sleep-in-handler"),
        ({"part": "repairs", "wanted": ["hang", "wait"]}, "'wait' has no right way"),
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
    arguments = {name: command.drive(load).arguments for name, load in loads.items()}
    assert "--blocker-client" not in arguments["lock"]
    given = arguments["idle-crowd"]
    assert given[given.index("--blocker-client") + 1] == "stays"
    thirds = {name: each[each.index("--bystander") + 1] for name, each in arguments.items() if "--bystander" in each}
    assert thirds == {"lock": "write", "threads-full": "/lab/health-in-thread"}
    assert {loads[name].rate for name in thirds} == {1.5 * loads["hang"].rate}


def test_the_last_phase_lasts_until_the_slowest_stack_is_through_and_is_the_same_for_each_way() -> None:
    plan = planned("repairs", wanted=["hang-up", "sleep-in-handler"])
    after = {load.scenario: load.blocking.after for load in plan.loads if load.blocking}
    # 100 hang up, each of whom holds one of 16 slots for 2 s: 12.5 s, of which 5 are over when the last one comes.
    assert after["hang-up"] == after["hang-up right"] == math.ceil(1.3 * (12.5 - 5) + 3 + 0.7)
    assert after["sleep-in-handler"] == after["sleep-in-handler right"] == PARTS["repairs"].phases[2]
    assert all(
        load.seconds == load.blocking.before + load.blocking.on + load.blocking.after
        for load in plan.loads
        if load.blocking
    )


def test_the_threads_of_a_loop_are_as_many_as_the_app_has() -> None:
    threads = stacks.load()["asgi"].application.threads
    assert threads is not None
    assert (threads.variable, threads.usual) == ("POOL_THREADS", from_environment({}).pool_threads)
