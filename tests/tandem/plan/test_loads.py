"""How scenarios are driven: at which rate, to saturation or with blockers, and in how many slices."""

from __future__ import annotations

from typing import Any

import pytest

from tandem.errors import TandemError
from tandem.plan import profiles
from tandem.plan.loads import suiting
from tandem.plan.profiles import Profile
from tests.tandem.plan.planning import QUICK, STANDARD, planned

pytestmark = pytest.mark.usefixtures("two_cpus")


def test_the_load_is_open_and_half_of_what_the_weakest_stack_can_serve_as_far_as_arithmetic_knows() -> None:
    waiting = planned(scenarios=["read", "waiting", "everyday"], load="rate").loads
    rates = {load.scenario: (load.arrivals, load.rate) for load in waiting}
    assert rates == {"read": ("poisson", 300), "waiting": ("poisson", 80), "everyday": ("poisson", 300)}
    assert planned(scenarios=["waiting"], names=["asgi", "wsgi-sync"], baseline="asgi").loads[0].rate == 15
    assert all(part in waiting[1].why_rate for part in ("160/s", "16 ", "wsgi-gthread"))


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
        (STANDARD, {"scenarios": ["read"]}, ["read", "read at saturation"]),
        (QUICK, {"scenarios": ["read"]}, ["read at saturation"]),
        (QUICK, {"scenarios": ["read"], "load": "both"}, ["read", "read at saturation"]),
        (QUICK, {"rate": 30, "load": "rate", "rounds": 8}, ["waiting", "everyday"]),
        (QUICK, {"rate": 30, "rounds": 8}, ["waiting", "everyday"]),
        (QUICK, {"load": "saturation"}, ["waiting at saturation", "everyday at saturation"]),
        (QUICK, {"scenarios": ["blocking"]}, ["blocking"]),
        (QUICK, {"scenarios": ["read", "blocking"]}, ["read at saturation", "blocking"]),
        (STANDARD, {"scenarios": ["floor"]}, ["floor"]),
    ],
)
def test_scenarios_are_driven_as_the_profile_says_or_as_asked_for(
    profile: Profile, given: dict[str, Any], loads: list[str]
) -> None:
    assert [load.scenario for load in planned(profile, **given).loads] == loads


def test_logins_come_half_as_often_as_their_cpu_allows_and_their_p50_is_no_headline() -> None:
    (load,) = planned(scenarios=["login"], load="rate").loads
    assert (load.rate, load.news_seconds) == (50, None)
    assert all(part in load.why_rate for part in ("100/s", "20 ms", "1 CPU", "wsgi-gthread"))
    assert [h.metric for h in planned(scenarios=["login"], load="rate").headlines] == ["cpu"]
    assert [h.metric for h in planned(scenarios=["login"], rate=300).headlines] == ["cpu", "p99"]
    assert "login" not in (profiles.STANDARD.at_rate + profiles.STANDARD.saturated + profiles.QUICK.saturated)


def test_another_rate_is_taken_for_every_scenario() -> None:
    assert {load.rate for load in planned(rate=120).loads} == {120}


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
    with pytest.raises(TandemError, match=r" 0\.04 s .*--slices 20 "):
        planned(scenarios=["read"], load="saturation", slices=100)


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


def test_seconds_that_are_given_are_shared_by_the_phases() -> None:
    (load,) = planned(profiles.QUICK, scenarios=["blocking"], seconds=5).loads
    assert load.blocking is not None
    scaled = load.blocking.before, load.blocking.on, load.blocking.after
    assert scaled == pytest.approx([phase * 5 / sum(profiles.QUICK.phases) for phase in profiles.QUICK.phases])
    assert load.seconds == pytest.approx(5)
