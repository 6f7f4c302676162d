"""Profiles: how long and how often `tandem compare` measures what, unless told otherwise."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from tandem.plan.loads import PHASE_SECONDS, Phases
from tandem.plan.scenarios import Scenarios
from tandem.records.setup import Headline, Load
from tandem.rules import P99_BLOCK, P99_SECONDS, P99_STACK

LATE_METRIC = "late"
"""The metric of scenarios with blockers."""


@dataclass(frozen=True, kw_only=True)
class Profile:
    """Defaults of one comparison. Times in seconds."""

    name: str
    first_look: bool = False  # whether it finds large differences alone: it never judges p99 or equality
    stacks: tuple[str, ...]
    baseline: str
    saturated: tuple[str, ...]  # scenarios that are driven to saturation, in a closed loop
    at_rate: tuple[str, ...]  # scenarios that are driven at a fixed rate, in an open loop
    blocking: tuple[str, ...] = ("blocking",)  # scenarios with blockers, which are driven at their own rate
    phases: Phases = PHASE_SECONDS  # of these
    decoy_blocked: bool = True  # whether the decoy is measured under them, too
    rounds: int
    seconds: int
    warmup: int
    users: int = 10_000
    shown_only: tuple[
        tuple[str, str], ...
    ] = ()  # scenario and metric that get no verdict, so that the others can be decided
    capacity: tuple[str, ...] = ()  # scenarios whose capacity is searched for at the end
    spares: int = 2  # further rounds, measured at the end in place of such as were lost to causes outside the stacks


QUICK = Profile(
    name="quick",
    first_look=True,
    stacks=("wsgi-gthread", "asgi"),
    baseline="wsgi-gthread",
    saturated=("waiting", "everyday"),
    at_rate=(),
    rounds=7,
    seconds=2,
    warmup=1,
    phases=(
        1.5,
        2,
        3,
    ),  # four blockers a round decide as eight do (tests/selftest/decided.py); three seconds show recovery
    # It would take a minute of six. What chance makes late is seen in each block before anything blocks.
    decoy_blocked=False,
)
STANDARD = Profile(
    name="standard",
    stacks=("wsgi-gthread", "asgi"),
    baseline="wsgi-gthread",
    saturated=("read", "waiting", "everyday"),
    at_rate=("read", "everyday"),
    rounds=9,
    seconds=10,
    warmup=2,
    phases=(3, 5, 4),
)
FULL = Profile(
    name="full",
    stacks=("wsgi-gthread", "asgi", "wsgi-sync"),
    baseline="wsgi-gthread",
    saturated=("read", "pages", "waiting", "everyday", "write"),
    at_rate=("read", "pages", "everyday", "write"),
    rounds=10,
    seconds=8,
    warmup=2,
    # Two challengers: 12 ratios of each, late requests among them, are what ten rounds can decide. p99 scatters too much
    # (tests/selftest/decided.py), p50 of pages and writes follows their CPU.
    shown_only=(
        *((name, "p99") for name in ("read", "pages", "everyday", "write")),
        *((name, "p50") for name in ("pages", "write")),
        ("waiting at saturation", "cpu"),
    ),
    capacity=("read", "waiting"),
    decoy_blocked=False,  # there is no time left, as in quick runs
)
PROFILES = {profile.name: profile for profile in (QUICK, STANDARD, FULL)}


def headlines(scenarios: Scenarios, loads: Collection[Load], rounds: int, profile: Profile) -> list[Headline]:
    """Return the ratios that a run of these loads will give a verdict to, but those that its profile only shows."""
    found = _candidates(scenarios, loads, rounds, profile.first_look)
    return [each for each in found if (each.scenario, each.metric) not in profile.shown_only]


def _candidates(scenarios: Scenarios, loads: Collection[Load], rounds: int, first_look: bool) -> list[Headline]:
    """Return the ratios that could get a verdict: the scenarios' metrics, and throughput at saturation.

    p99 only where a block will hold enough requests for it, and never at a first look. CPU per request is judged at saturation
    where a scenario is not driven at a rate, but at a first look, whose rounds are enough for few headlines.
    """
    found = []
    at_rate = {each.clients for each in loads if not each.saturates}
    sliced = {(each.clients, each.saturates) for each in loads if each.slices}
    for each in loads:
        if not each.slices and (each.clients, each.saturates) in sliced:
            continue  # it is there to be held against its slices
        if each.saturates:
            alone = not first_look and each.clients not in at_rate and "cpu" in scenarios[each.clients].metrics
            found += [Headline(scenario=each.scenario, metric=m) for m in ("throughput", *(["cpu"] * alone))]
            continue
        if each.blocking:
            found.append(Headline(scenario=each.scenario, metric=LATE_METRIC))
        # 10 % more than the rule asks for: Poisson arrivals come in varying numbers.
        enough = each.rate * each.seconds >= max(1.1 * P99_BLOCK, 1.1 * P99_STACK / rounds)
        can_judge_p99 = not first_look and each.seconds >= P99_SECONDS and enough
        found += [
            Headline(scenario=each.scenario, metric=metric)
            for metric in scenarios[each.clients].metrics
            if metric != "p99" or can_judge_p99
        ]
    return found
