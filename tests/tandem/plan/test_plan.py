"""What is decided before the first block."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tandem import paths
from tandem.errors import TandemError
from tandem.plan import capacity, profiles, scenarios, stacks
from tests.support import synthetic
from tests.tandem.plan.planning import QUICK, planned

pytestmark = pytest.mark.usefixtures("two_cpus")


def test_the_profiles_are_what_the_method_says() -> None:
    quick, standard = planned(profiles.QUICK), planned(profiles.STANDARD)
    assert (quick.rounds, standard.rounds) == (7, 9)
    assert [load.seconds for load in quick.loads + standard.loads] == [2, 6.5, 2, 10, 4, 4, 12, 10, 4]
    assert [(h.scenario, h.metric) for h in quick.headlines] == [
        ("waiting at saturation", "throughput"),
        ("blocking", "late"),
        ("everyday at saturation", "throughput"),
    ]
    assert [(h.scenario, h.metric) for h in standard.headlines] == [
        ("read", "cpu"),
        ("read", "p50"),
        ("read", "p99"),
        ("read at saturation", "throughput"),
        ("waiting at saturation", "throughput"),
        ("waiting at saturation", "cpu"),
        ("blocking", "late"),
        ("everyday", "cpu"),
        ("everyday", "p50"),
        ("everyday", "p99"),
        ("everyday at saturation", "throughput"),
    ]
    full = planned(profiles.FULL)
    assert [(h.scenario, h.metric) for h in full.headlines] == [
        ("read", "cpu"),
        ("read", "p50"),
        ("read at saturation", "throughput"),
        ("pages", "cpu"),
        ("pages at saturation", "throughput"),
        ("waiting at saturation", "throughput"),
        ("blocking", "late"),
        ("everyday", "cpu"),
        ("everyday", "p50"),
        ("everyday at saturation", "throughput"),
        ("write", "cpu"),
        ("write at saturation", "throughput"),
    ]
    assert list(full.definitions) == ["wsgi-gthread", "asgi", "wsgi-sync", "decoy"]
    assert full.capacity == ["read", "waiting"]
    part = capacity.part_of(full)
    assert part is not None
    assert part.names == ["wsgi-gthread", "asgi", "wsgi-sync"]  # no decoy
    assert full.seconds() + part.expected_seconds() < 75 * 60
    assert list(quick.definitions) == ["wsgi-gthread", "asgi", "decoy"]
    assert quick.seconds() < 360
    assert standard.seconds() < 1800


def test_capacity_is_searched_for_where_the_profile_and_the_scenarios_say_so() -> None:
    assert planned(profiles.FULL, scenarios=["read", "everyday"]).capacity == ["read"]
    assert planned(profiles.FULL, rounds=2).capacity == []  # a look whether everything works
    assert capacity.part_of(planned()) is None


@pytest.mark.parametrize(
    ("given", "metrics"),
    [
        ({}, ["cpu", "p50", "p99"]),
        ({"seconds": 7}, ["cpu", "p50"]),  # blocks too short
        ({"rate": 150}, ["cpu", "p50"]),  # 1,500 arrivals in a block
        ({"rate": 230, "rounds": 9}, ["cpu", "p50", "p99"]),
    ],
)
def test_p99_is_a_headline_only_where_enough_requests_will_be_there(given: dict[str, Any], metrics: list[str]) -> None:
    assert [h.metric for h in planned(scenarios=["read"], load="rate", **given).headlines] == metrics


def test_a_planned_extension_needs_rounds_for_half_the_error_at_each_look() -> None:
    with pytest.raises(TandemError, match=r"3 headline ratios .*--rounds 8"):
        planned(QUICK, extension=3, rounds=7)
    assert planned(QUICK, extension=3, rounds=8).extension == 3


def test_scenarios_that_write_come_last() -> None:
    wanted = ["write", "login", "everyday", "read"]
    names = [load.scenario for load in planned(scenarios=wanted, load="rate", rounds=10).loads]
    assert names == ["read", "login", "everyday", "write"]


def test_the_decoy_is_the_baseline_under_another_name() -> None:
    run = {stack.name: stack for stack in planned(names=["asgi", "wsgi-sync"], baseline="asgi").stacks()}
    assert run["decoy"].decoy_of == "asgi"
    assert run["decoy"].commands == run["asgi"].commands
    assert run["asgi"].decoy_of is None
    assert any("{port}" in part for part in run["asgi"].commands[0])


def test_too_few_rounds_are_refused_with_the_number_that_would_do() -> None:
    few = planned(scenarios=["read"], load="rate", rounds=6).exploratory
    assert few is not None
    assert re.findall(r"\d+", few) == ["6", "3", "7"]
    assert "--rounds 7" in few
    assert planned(QUICK, scenarios=["waiting"], rounds=6).exploratory is None
    with pytest.raises(TandemError, match=r"9 rounds .*--rounds"):
        planned(scenarios=list(scenarios.known()))  # nobody asked for so few: it isn't worth 25 minutes


def test_more_challengers_need_more_rounds() -> None:
    names = ["wsgi-gthread", "wsgi-sync", "asgi"]
    with pytest.raises(TandemError, match="give --rounds 10"):
        planned(names=names)
    assert planned(QUICK, names=names, rounds=8).blocks() == 8 * (4 * 3 - 1)


def test_stalls_are_recorded_only_where_nothing_else_is_measured() -> None:
    alone = planned(scenarios=["blocking"])
    assert alone.more == {"LAB": "1", "STALLS_FILE": "{own}/stalls.jsonl"}
    assert not planned(QUICK).watched


def test_a_quick_run_has_no_decoy_where_others_block() -> None:
    quick, standard = planned(QUICK), planned()
    assert [load.scenario for load in quick.measured("decoy")] == ["waiting at saturation", "everyday at saturation"]
    assert quick.measured("asgi") == quick.loads
    assert standard.measured("decoy") == standard.loads
    assert quick.blocks() == 7 * (2 * 3 + 2)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"names": ["zebra", "asgi"]}, "stack 'zebra'"),
        ({"names": ["asgi"]}, "--stacks A,B"),
        ({"names": []}, "--stacks A,B"),
        (
            {"names": ["asgi", "wsgi-sync"], "baseline": "wsgi-gthread"},
            "'wsgi-gthread' .*asgi, wsgi-sync",
        ),
        ({"scenarios": ["zebra"]}, "scenario 'zebra': .* add, blocking, everyday, export, floor"),
        ({"scenarios": ["read", "read"]}, "'read' .*twice"),
        ({"scenarios": []}, "--scenarios with "),
        ({"scenarios": ["floor"], "load": "saturation"}, "'floor' .*--load rate"),
        ({"scenarios": ["read", "floor"], "load": "saturation"}, "'floor' .*--load rate"),
        ({"cpus": 2}, "give --cpus 1"),
    ],
)
def test_what_makes_no_sense_is_refused(given: dict[str, Any], says: str) -> None:
    with pytest.raises(TandemError, match=says):
        planned(**given)


def test_a_record_tells_how_stacks_were_started_and_not_where_this_machine_keeps_things() -> None:
    commands = [command for stack in planned().stacks() for command in stack.commands]
    assert commands
    assert all(command[0] == "python" and "{port}" in " ".join(command) for command in commands)
    assert not any(str(paths.PROJECT) in part for command in commands for part in command)


def test_what_is_waived_stands_in_the_record_and_makes_the_run_suspect() -> None:
    made = planned(waive=["GET /a"])
    assert "`GET /a`" in " ".join(made.run(synthetic.provenance(), 3).suspect)


def test_a_stack_with_few_routes_takes_scenarios_that_ask_for_no_more() -> None:
    names = ["wsgi-bare", "asgi-bare", "wsgi-gthread"]
    with pytest.raises(
        TandemError,
        match=r"wsgi-bare .* /healthz and /api/add, .*'read' .*: add",
    ):
        planned(names=names, baseline="wsgi-gthread", scenarios=["read"])
    bare = planned(names=names, baseline="wsgi-gthread", scenarios=["add"])
    assert bare.definitions["wsgi-bare"].application.ready == "/healthz"
    assert stacks.common_routes(bare.definitions) == ["/healthz", "/api/add"]
    assert stacks.common_routes(stacks.load()) == ["/healthz", "/api/add"]
    assert stacks.common_routes(stacks.choose(stacks.load(), ["asgi"])) == []
