"""Profiles: how long and how often `tandem compare` measures what, unless told otherwise."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tandem.plan.scenarios import Scenario, Scenarios
from tandem.records.setup import Budget, Headline, Load
from tandem.rules import P99_BLOCK, P99_SECONDS, P99_STACK

RATE_CAP = 300.0
"""Arrivals per second of every scenario, unless arithmetic says that some stack could not serve twice as many."""

IN_FLIGHT, TIMEOUT_SECONDS = 1000, 10.0
"""Far beyond what a stack that keeps up ever has in flight, and the time after which a request has failed."""


@dataclass(frozen=True, kw_only=True)
class Profile:
    """Defaults of one comparison. Times in seconds."""

    name: str
    stacks: tuple[str, ...]
    baseline: str
    scenarios: tuple[str, ...]
    rounds: int
    seconds: int
    warmup: int
    users: int = 10_000


QUICK = Profile(
    name="quick",
    stacks=("wsgi-gthread", "asgi"),
    baseline="wsgi-gthread",
    scenarios=("waiting", "everyday"),
    rounds=7,
    seconds=4,
    warmup=2,
)
STANDARD = Profile(
    name="standard",
    stacks=("wsgi-gthread", "asgi"),
    baseline="wsgi-gthread",
    scenarios=("read", "waiting", "everyday"),
    rounds=9,
    seconds=12,
    warmup=2,
)
PROFILES = {profile.name: profile for profile in (QUICK, STANDARD)}


def loads(
    scenarios: Scenarios, seconds: int, warmup: int, budgets: Mapping[str, Budget], rate: float | None = None
) -> list[Load]:
    """Return the loads of these scenarios, in their order, on stacks with these budgets.

    The first one warms a fresh stack for `warmup` seconds, each further one half as long: its workers are warm by then.
    """
    return [
        load(name, row, seconds, warmup if place == 0 else -(-warmup // 2), budgets, rate)
        for place, (name, row) in enumerate(scenarios.items())
    ]


def load(
    name: str, row: Scenario, seconds: float, warmup: float, budgets: Mapping[str, Budget], rate: float | None = None
) -> Load:
    """Return how one scenario is driven."""
    chosen, why = (rate, "as asked for") if rate else headline_rate(row, budgets)
    return Load(
        scenario=name,
        situation=row.situation,
        arrivals="poisson",
        rate=chosen,
        in_flight=IN_FLIGHT,
        timeout_seconds=TIMEOUT_SECONDS,
        warmup_seconds=warmup,
        seconds=seconds,
        news_seconds=row.news_seconds,
        why_rate=why,
    )


def headline_rate(row: Scenario, budgets: Mapping[str, Budget]) -> tuple[float, str]:
    """Return the arrivals per second at which stacks are compared, and what bounded them.

    Half of what the weakest stack can serve, as far as arithmetic knows that (`Scenario.bound`). At three quarters a stack
    already sits on its knee.
    """
    bounds = {name: bound for name, budget in budgets.items() if (bound := row.bound(budget))}
    weakest = min(bounds, key=lambda name: bounds[name][0], default="")
    capacity, why = bounds.get(weakest, (2 * RATE_CAP, ""))
    if capacity / 2 < RATE_CAP:
        return max(1.0, float(int(capacity / 2))), f"half of the {capacity:g}/s that {why} allow {weakest}"
    return RATE_CAP, "the profile's cap"


def headlines(scenarios: Scenarios, loads: Iterable[Load], rounds: int, profile: str) -> list[Headline]:
    """Return the ratios that a run of these loads will give a verdict to: the scenarios' metrics.

    p99 only where a block will hold enough requests for it, and never in quick runs.
    """
    found = []
    for each in loads:
        # 10 % more than the rule asks for: Poisson arrivals come in varying numbers.
        enough = each.rate * each.seconds >= max(1.1 * P99_BLOCK, 1.1 * P99_STACK / rounds)
        can_judge_p99 = profile != QUICK.name and each.seconds >= P99_SECONDS and enough
        found += [
            Headline(scenario=each.scenario, metric=metric)
            for metric in scenarios[each.scenario].metrics
            if metric != "p99" or can_judge_p99
        ]
    return found
