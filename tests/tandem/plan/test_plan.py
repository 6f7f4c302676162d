"""What is decided before the first block."""

from __future__ import annotations

import os
from typing import Any

import pytest

from tandem import paths
from tandem.errors import TandemError
from tandem.plan import capacity, profiles, scenarios, stacks
from tandem.plan.comparison import Plan, plan
from tandem.plan.loads import suiting
from tests.support import synthetic


def planned(profile: profiles.Profile = profiles.STANDARD, **given: Any) -> Plan:
    return plan(profile, stacks.load(), seed=1, **given)


@pytest.fixture(autouse=True)
def two_cpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})


def test_the_profiles_are_what_the_method_says() -> None:
    quick, standard = planned(profiles.QUICK), planned()
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


def test_the_load_is_open_and_half_of_what_the_weakest_stack_can_serve_as_far_as_arithmetic_knows() -> None:
    waiting = planned(scenarios=["read", "waiting", "everyday"], load="rate").loads
    rates = {load.scenario: (load.arrivals, load.rate) for load in waiting}
    assert rates == {"read": ("poisson", 300), "waiting": ("poisson", 80), "everyday": ("poisson", 300)}
    assert planned(scenarios=["waiting"], names=["asgi", "wsgi-sync"], baseline="asgi").loads[0].rate == 15
    assert waiting[1].why_rate == "half of the 160/s that 16 waiting at once allow wsgi-gthread"


def test_a_load_that_saturates_keeps_so_many_requests_in_flight() -> None:
    loads = [load for load in planned().loads if load.saturates]
    assert [(load.scenario, load.clients, load.arrivals, load.rate, load.in_flight) for load in loads] == [
        ("read at saturation", "read", "closed", 0, 64),
        ("waiting at saturation", "waiting", "closed", 0, 256),
        ("everyday at saturation", "everyday", "closed", 0, 64),
    ]


@pytest.mark.parametrize(
    ("profile", "given", "loads"),
    [
        ("standard", {"scenarios": ["read"]}, ["read", "read at saturation"]),
        ("quick", {"scenarios": ["read"]}, ["read at saturation"]),
        ("quick", {"scenarios": ["read"], "load": "both"}, ["read", "read at saturation"]),
        ("quick", {"rate": 30, "load": "rate", "rounds": 8}, ["waiting", "everyday"]),
        ("quick", {"rate": 30, "rounds": 8}, ["waiting", "everyday"]),
        ("quick", {"load": "saturation"}, ["waiting at saturation", "everyday at saturation"]),
        ("quick", {"scenarios": ["blocking"]}, ["blocking"]),
        ("quick", {"scenarios": ["read", "blocking"]}, ["read at saturation", "blocking"]),
        ("standard", {"scenarios": ["floor"]}, ["floor"]),
    ],
)
def test_scenarios_are_driven_as_the_profile_says_or_as_asked_for(
    profile: str, given: dict[str, Any], loads: list[str]
) -> None:
    assert [load.scenario for load in planned(profiles.PROFILES[profile], **given).loads] == loads


def test_logins_come_half_as_often_as_their_cpu_allows_and_their_p50_is_no_headline() -> None:
    (load,) = planned(scenarios=["login"], load="rate").loads
    assert (load.rate, load.news_seconds) == (50, None)
    assert load.why_rate == "half of the 100/s that logins of 20 ms on 1 CPU allow wsgi-gthread"
    assert [h.metric for h in planned(scenarios=["login"], load="rate").headlines] == ["cpu"]
    assert [h.metric for h in planned(scenarios=["login"], rate=300).headlines] == ["cpu", "p99"]
    assert "login" not in (profiles.STANDARD.at_rate + profiles.STANDARD.saturated + profiles.QUICK.saturated)


def test_another_rate_is_taken_for_every_scenario() -> None:
    assert {load.rate for load in planned(rate=120).loads} == {120}


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
    with pytest.raises(TandemError, match="3 headline ratios at each of two looks: give --rounds 8"):
        planned(profiles.QUICK, extension=3, rounds=7)
    assert planned(profiles.QUICK, extension=3, rounds=8).extension == 3


def test_scenarios_that_write_come_last() -> None:
    wanted = ["write", "login", "everyday", "read"]
    names = [load.scenario for load in planned(scenarios=wanted, load="rate", rounds=10).loads]
    assert names == ["read", "login", "everyday", "write"]


def test_only_the_first_load_in_one_piece_warms_a_fresh_stack_in_full() -> None:
    """Those in slices are measured before it, where there are any."""
    assert [load.warmup_seconds for load in planned(warmup=5).loads] == [2.5, 2.5, 3, 2.5, 2.5, 2.5]
    assert [load.warmup_seconds for load in planned(warmup=5, slices=0).loads] == [5, 3, 3, 2.5, 3, 3]


@pytest.mark.parametrize(("seconds", "slices"), [(1, 2), (2, 4), (4, 8), (8, 8), (12, 12), (60, 60)])
def test_a_window_is_cut_into_slices_of_half_a_second_to_a_second(seconds: int, slices: int) -> None:
    assert suiting(seconds) == slices
    assert 0.5 <= seconds / slices <= 1


def test_what_is_cut_depends_on_the_scenario_and_its_load() -> None:
    found = {load.scenario: load.slices for load in planned().loads}
    assert found["waiting at saturation"] == found["blocking"] == 0
    assert found["read"] == 10
    assert found["read at saturation"] == 8
    assert {load.slices for load in planned(slices=0).loads} == {0}


def test_what_is_measured_both_ways_is_judged_once() -> None:
    once, both = (planned(scenarios=["read"], load="both", in_one_piece_too=each) for each in (False, True))
    assert [load.scenario for load in both.loads] == [
        "read in one piece", "read at saturation in one piece", "read", "read at saturation",
    ]  # fmt: skip
    assert [load.clients for load in both.loads] == ["read"] * 4
    assert both.headlines == once.headlines


def test_slices_that_hold_too_little_are_refused() -> None:
    with pytest.raises(TandemError, match=r"slices of 0\.04 s hold too little: give --slices 20 or fewer"):
        planned(scenarios=["read"], load="saturation", slices=100)


def test_the_decoy_is_the_baseline_under_another_name() -> None:
    run = {stack.name: stack for stack in planned(names=["asgi", "wsgi-sync"], baseline="asgi").stacks()}
    assert run["decoy"].decoy_of == "asgi"
    assert run["decoy"].commands == run["asgi"].commands
    assert run["asgi"].decoy_of is None
    assert any("{port}" in part for part in run["asgi"].commands[0])


def test_too_few_rounds_are_refused_with_the_number_that_would_do() -> None:
    few = planned(scenarios=["read"], load="rate", rounds=6).exploratory
    assert few == "6 rounds can't give a verdict to 3 headline ratios: give --rounds 7 or more"
    assert planned(profiles.QUICK, scenarios=["waiting"], rounds=6).exploratory is None
    with pytest.raises(TandemError, match=r"9 rounds can't give a verdict to .* or fewer stacks or scenarios"):
        planned(scenarios=list(scenarios.known()))  # nobody asked for so few: it isn't worth 25 minutes


def test_more_challengers_need_more_rounds() -> None:
    names = ["wsgi-gthread", "wsgi-sync", "asgi"]
    with pytest.raises(TandemError, match="give --rounds 10"):
        planned(names=names)
    assert planned(profiles.QUICK, names=names, rounds=8).blocks() == 8 * (4 * 3 - 1)


def test_who_blocks_when_is_in_the_load_and_the_app_is_told_so_only_then() -> None:
    quick, standard = planned(profiles.QUICK), planned()
    for found, phases in ((quick, (1.5, 2, 3)), (standard, (3, 5, 4))):
        (load,) = [load for load in found.loads if load.blocking]
        assert load.blocking is not None
        assert (load.rate, load.blocking.rate, load.blocking.milliseconds) == (240, 2, 200)
        assert (load.blocking.before, load.blocking.on, load.blocking.after) == phases
        assert (load.seconds, load.blocking.number) == (sum(phases), 2 * phases[1])
        assert all(stack.environment["LAB"] == "1" for stack in found.stacks())
    without = planned(scenarios=["read"])
    assert not any("LAB" in stack.environment for stack in without.stacks())
    assert (quick.more, without.more) == ({"LAB": "1"}, {})


def test_stalls_are_recorded_only_where_nothing_else_is_measured() -> None:
    alone = planned(scenarios=["blocking"])
    assert alone.more == {"LAB": "1", "STALLS_FILE": "{own}/stalls.jsonl"}
    assert not planned(profiles.QUICK).watched


def test_seconds_that_are_given_are_shared_by_the_phases() -> None:
    (load,) = planned(profiles.QUICK, scenarios=["blocking"], seconds=5).loads
    assert load.blocking is not None
    scaled = load.blocking.before, load.blocking.on, load.blocking.after
    assert scaled == pytest.approx([phase * 5 / sum(profiles.QUICK.phases) for phase in profiles.QUICK.phases])
    assert load.seconds == pytest.approx(5)


def test_a_quick_run_has_no_decoy_where_others_block() -> None:
    quick, standard = planned(profiles.QUICK), planned()
    assert [load.scenario for load in quick.measured("decoy")] == ["waiting at saturation", "everyday at saturation"]
    assert quick.measured("asgi") == quick.loads
    assert standard.measured("decoy") == standard.loads
    assert quick.blocks() == 7 * (2 * 3 + 2)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"names": ["zebra", "asgi"]}, "unknown stack 'zebra'"),
        ({"names": ["asgi"]}, "two stacks or more"),
        ({"names": []}, "two stacks or more"),
        (
            {"names": ["asgi", "wsgi-sync"], "baseline": "wsgi-gthread"},
            "the baseline 'wsgi-gthread' is none of the stacks",
        ),
        ({"scenarios": ["zebra"]}, "unknown scenario 'zebra': known are add, blocking, everyday, export, floor"),
        ({"scenarios": ["read", "read"]}, "named twice"),
        ({"scenarios": []}, "needs a scenario or more"),
        ({"scenarios": ["floor"], "load": "saturation"}, "'floor' can't be driven to saturation .*give --load rate"),
        ({"scenarios": ["read", "floor"], "load": "saturation"}, "'floor' can't be driven to saturation"),
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
    assert "the answers to probes that begin with `GET /a` were not compared" in " ".join(
        made.run(synthetic.provenance(), 3).suspect
    )


def test_a_stack_with_few_routes_takes_scenarios_that_ask_for_no_more() -> None:
    names = ["wsgi-bare", "asgi-bare", "wsgi-gthread"]
    with pytest.raises(
        TandemError,
        match=r"the stack wsgi-bare has only /healthz and /api/add, and the scenario 'read' asks for more; .*: add",
    ):
        planned(names=names, baseline="wsgi-gthread", scenarios=["read"])
    bare = planned(names=names, baseline="wsgi-gthread", scenarios=["add"])
    assert bare.definitions["wsgi-bare"].application.ready == "/healthz"
    assert stacks.common_routes(bare.definitions) == ["/healthz", "/api/add"]
    assert stacks.common_routes(stacks.load()) == ["/healthz", "/api/add"]
    assert stacks.common_routes(stacks.choose(stacks.load(), ["asgi"])) == []
