"""Profiles: how long and how often `tandem compare` measures what, unless told otherwise."""

from __future__ import annotations

import math
from collections.abc import Collection, Container, Mapping
from dataclasses import dataclass

import msgspec

from tandem.plan.scenarios import Blockers, Scenario, Scenarios
from tandem.records.setup import Blocking, Budget, Headline, Load
from tandem.rules import P99_BLOCK, P99_SECONDS, P99_STACK

RATE_CAP = 300.0
"""Arrivals per second of every scenario, unless arithmetic says that some stack could not serve twice as many."""

LATE = "late"
"""The metric of scenarios with blockers."""

IN_FLIGHT, TIMEOUT_SECONDS = 1000, 10.0
"""Far beyond what a stack that keeps up ever has in flight, and the time after which a request has failed."""

Phases = tuple[float, float, float]
"""Seconds before, while and after blockers come."""

PHASES: Phases = (3, 4, 3)


@dataclass(frozen=True, kw_only=True)
class Profile:
    """Defaults of one comparison. Times in seconds."""

    name: str
    stacks: tuple[str, ...]
    baseline: str
    saturated: tuple[str, ...]  # scenarios that are driven to saturation, in a closed loop
    at_rate: tuple[str, ...]  # scenarios that are driven at a fixed rate, in an open loop
    blocking: tuple[str, ...] = ("blocking",)  # scenarios with blockers, which are driven at their own rate
    phases: Phases = PHASES  # of these
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
    stacks=("wsgi-gthread", "asgi"),
    baseline="wsgi-gthread",
    saturated=("waiting", "everyday"),
    at_rate=(),
    rounds=7,
    seconds=2,
    warmup=1,
    # It would take a minute and a half of six. What chance makes late is seen in each block before anything blocks.
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


SATURATION_SECONDS = 4
"""Length of a window at saturation, unless the profile's is shorter: at 300/s and more it holds over 1,000 answers."""


def loads(
    scenarios: Scenarios,
    at_rate: Container[str],
    saturated: Container[str],
    seconds: int,
    warmup: int,
    budgets: Mapping[str, Budget],
    rate: float | None = None,
    phases: Phases = PHASES,
    slices: int | None = None,
    both: bool = False,
) -> list[Load]:
    """Return the loads of these scenarios, in their order and each at its rate first, on stacks with these budgets.

    The first one warms a fresh stack for `warmup` seconds, each further one half as long: its workers are warm by then.
    So many `slices` are cut instead of what suits a window; with `both` each that has slices is also measured in one piece.
    """
    found = []
    for name, row in scenarios.items():
        if name in at_rate:
            found.append(load(name, row, seconds, warmup, budgets, rate, phases))
        if name in saturated:
            found.append(saturation(name, row, min(seconds, SATURATION_SECONDS), warmup))
    found = [_cut(each, scenarios[each.clients], slices) for each in found]
    if both:
        found = [*(in_one_piece(each) for each in found if each.slices), *found]
    first = next(
        (place for place, each in enumerate(found) if not each.slices), 0
    )  # what is in one piece is measured first
    further = -(-warmup // 2)
    return [
        each if place == first else msgspec.structs.replace(each, warmup_seconds=further)
        for place, each in enumerate(found)
    ]


WHOLE = "in one piece"
"""What the name of a load ends with that is measured in slices, too."""


SHORTEST, LONGEST = 0.5, 1.0
"""Seconds of a slice: shorter ones hold little beside what their ends blur, longer ones drift apart."""

FEWEST = 8
"""Slices of a block, where they are not too short then."""


def suiting(seconds: float) -> int:
    """Return how many slices suit a window; 0 where it is too short for any."""
    found = min(max(FEWEST, math.ceil(seconds / LONGEST)), int(seconds / SHORTEST))
    return found if found > 1 else 0


def _cut(load: Load, row: Scenario, slices: int | None) -> Load:
    """Return a load with slices, unless its scenario is to be measured in one piece, or it has phases."""
    whole = ("saturation" if load.saturates else "rate") in row.contiguous
    number = suiting(load.seconds) if slices is None else slices
    return msgspec.structs.replace(load, slices=0 if whole or load.blocking else number)


def in_one_piece(load: Load) -> Load:
    """Return the same load under another name and in one piece, to be held against the one in slices."""
    return msgspec.structs.replace(
        load, scenario=f"{load.scenario} {WHOLE}", drives=load.clients, slices=0, situation=""
    )


def scaled(phases: Phases, seconds: float) -> Phases:
    """Return phases that together take so many seconds."""
    before, on, after = (each * seconds / sum(phases) for each in phases)
    return before, on, after


def saturation(name: str, row: Scenario, seconds: float, warmup: float) -> Load:
    """Return how one scenario is driven to saturation: so many clients ask again as soon as they are answered."""
    return Load(
        scenario=f"{name} at saturation",
        drives=name,
        situation=row.situation,
        arrivals="closed",
        rate=0.0,
        in_flight=row.concurrency,
        timeout_seconds=TIMEOUT_SECONDS,
        warmup_seconds=warmup,
        seconds=seconds,
        news_seconds=row.news_seconds,
    )


def load(
    name: str,
    row: Scenario,
    seconds: float,
    warmup: float,
    budgets: Mapping[str, Budget],
    rate: float | None = None,
    phases: Phases = PHASES,
) -> Load:
    """Return how one scenario is driven."""
    chosen, why = (rate, "as asked for") if rate else headline_rate(row, budgets)
    blocking = _blocking(row.blockers, phases) if row.blockers else None
    return Load(
        scenario=name,
        situation=row.situation,
        arrivals="poisson",
        rate=chosen,
        in_flight=IN_FLIGHT,
        timeout_seconds=TIMEOUT_SECONDS,
        warmup_seconds=warmup,
        seconds=seconds if blocking is None else blocking.before + blocking.on + blocking.after,
        news_seconds=row.news_seconds,
        not_judged={str(metric): reason for metric, reason in row.not_judged.items()},
        why_rate=why,
        blocking=blocking,
    )


def _blocking(blockers: Blockers, phases: Phases) -> Blocking:
    """Return who blocks, and when."""
    before, on, after = phases
    return Blocking(
        kind=blockers.kind,
        route=f"GET {blockers.path}",
        rate=blockers.per_second,
        milliseconds=blockers.ms,
        before=before,
        on=on,
        after=after,
    )


def headline_rate(row: Scenario, budgets: Mapping[str, Budget]) -> tuple[float, str]:
    """Return the arrivals per second at which stacks are compared, and what bounded them.

    Half of what the weakest stack can serve, as far as arithmetic knows that (`Scenario.bound`). At three quarters a stack
    already sits on its knee.
    """
    if row.rate is not None:
        return row.rate, "as the scenario says"
    bounds = {name: bound for name, budget in budgets.items() if (bound := row.bound(budget))}
    weakest = min(bounds, key=lambda name: bounds[name][0], default="")
    capacity, why = bounds.get(weakest, (2 * RATE_CAP, ""))
    if capacity / 2 < RATE_CAP:
        return max(1.0, float(int(capacity / 2))), f"half of the {capacity:g}/s that {why} allow {weakest}"
    return RATE_CAP, "the profile's cap"


def headlines(scenarios: Scenarios, loads: Collection[Load], rounds: int, profile: Profile) -> list[Headline]:
    """Return the ratios that a run of these loads will give a verdict to, but those that its profile only shows."""
    found = _candidates(scenarios, loads, rounds, profile.name)
    return [each for each in found if (each.scenario, each.metric) not in profile.shown_only]


def _candidates(scenarios: Scenarios, loads: Collection[Load], rounds: int, profile: str) -> list[Headline]:
    """Return the ratios that could get a verdict: the scenarios' metrics, and throughput at saturation.

    p99 only where a block will hold enough requests for it, and never in quick runs. CPU per request is judged at saturation
    where a scenario is not driven at a rate, but in quick runs, whose rounds are enough for few headlines.
    """
    found = []
    at_rate = {each.clients for each in loads if not each.saturates}
    sliced = {(each.clients, each.saturates) for each in loads if each.slices}
    for each in loads:
        if not each.slices and (each.clients, each.saturates) in sliced:
            continue  # it is there to be held against its slices
        if each.saturates:
            alone = profile != QUICK.name and each.clients not in at_rate and "cpu" in scenarios[each.clients].metrics
            found += [Headline(scenario=each.scenario, metric=m) for m in ("throughput", *(["cpu"] * alone))]
            continue
        if each.blocking:
            found.append(Headline(scenario=each.scenario, metric=LATE))
        # 10 % more than the rule asks for: Poisson arrivals come in varying numbers.
        enough = each.rate * each.seconds >= max(1.1 * P99_BLOCK, 1.1 * P99_STACK / rounds)
        can_judge_p99 = profile != QUICK.name and each.seconds >= P99_SECONDS and enough
        found += [
            Headline(scenario=each.scenario, metric=metric)
            for metric in scenarios[each.clients].metrics
            if metric != "p99" or can_judge_p99
        ]
    return found
