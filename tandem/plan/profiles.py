"""Profiles: how long and how often `tandem compare` measures what, unless told otherwise."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tandem.errors import TandemError
from tandem.records.setup import Budget, Headline, Load
from tandem.rules import P99_BLOCK, P99_SECONDS, P99_STACK

READING = ("floor", "read", "pages", "waiting")
"""Scenarios that leave the database as it is; within a round and stack they come before those that write."""

WRITING = ("login", "everyday", "write")
"""Scenarios that write: users, or with each login how often it was tried."""

SCENARIOS = (*READING, *WRITING)

RATE_CAP = 300.0
"""Arrivals per second of every scenario, unless arithmetic says that some stack could not serve twice as many."""

NEWS_SECONDS = 0.1
"""How long the news service takes."""

LOGIN_SECONDS, LOGIN_SHARE = 0.02, 0.5
"""About how long a password keeps a CPU busy, and the share of logins among the arrivals of the scenario `login`."""

IN_FLIGHT, TIMEOUT_SECONDS = 1000, 10.0
"""Far beyond what a stack that keeps up ever has in flight, and the time after which a request has failed."""


HEADLINES = {"waiting": ["p50"], "floor": ["p50"], "login": ["cpu"]}
"""Metrics of scenarios that have not all the usual ones."""


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
    scenarios: Iterable[str], seconds: int, warmup: int, budgets: Mapping[str, Budget], rate: float | None = None
) -> list[Load]:
    """Return the loads of these scenarios in the order in which they are measured, on stacks with these budgets.

    The first one warms a fresh stack for `warmup` seconds, each further one half as long: its workers are warm by then.
    Raises TandemError for a scenario that isn't known or is named twice.
    """
    names = list(scenarios)
    if not names:
        raise TandemError(
            f"a comparison needs a scenario or more: give --scenarios with some of {', '.join(sorted(SCENARIOS))}"
        )
    for name in names:
        if name not in SCENARIOS:
            raise TandemError(f"unknown scenario {name!r}: known are {', '.join(sorted(SCENARIOS))}")
        if names.count(name) > 1:
            raise TandemError(f"the scenario {name!r} is named twice")
    ordered = [name for name in SCENARIOS if name in names]
    return [
        load(name, seconds, warmup if place == 0 else -(-warmup // 2), budgets, rate)
        for place, name in enumerate(ordered)
    ]


def load(
    scenario: str, seconds: float, warmup: float, budgets: Mapping[str, Budget], rate: float | None = None
) -> Load:
    """Return how one scenario is driven."""
    chosen, why = (rate, "as asked for") if rate else headline_rate(scenario, budgets)
    return Load(
        scenario=scenario,
        arrivals="poisson",
        rate=chosen,
        in_flight=IN_FLIGHT,
        timeout_seconds=TIMEOUT_SECONDS,
        warmup_seconds=warmup,
        seconds=seconds,
        news_seconds=NEWS_SECONDS if scenario == "waiting" else None,
        why_rate=why,
    )


def headline_rate(scenario: str, budgets: Mapping[str, Budget]) -> tuple[float, str]:
    """Return the arrivals per second at which stacks are compared, and what bounded them.

    Half of what the weakest stack can serve, as far as arithmetic knows that: requests that wait for the news hold a
    slot for `NEWS_SECONDS` each, and logins a CPU for `LOGIN_SECONDS`. At three quarters a stack already sits on its knee.
    """
    bounds = {name: bound for name, budget in budgets.items() if (bound := _bound(scenario, budget))}
    weakest = min(bounds, key=lambda name: bounds[name][0], default="")
    capacity, why = bounds.get(weakest, (2 * RATE_CAP, ""))
    if capacity / 2 < RATE_CAP:
        return max(1.0, float(int(capacity / 2))), f"half of the {capacity:g}/s that {why} allow {weakest}"
    return RATE_CAP, "the profile's cap"


def _bound(scenario: str, budget: Budget) -> tuple[float, str] | None:
    """Return the most arrivals per second that a budget allows, and what bounds them; None where arithmetic doesn't know."""
    if scenario == "waiting":
        places = min(budget.slots or budget.news_connections, budget.news_connections)
        return places / NEWS_SECONDS, f"{places} waiting at once"
    if scenario == "login":
        rate = budget.cpus / (LOGIN_SECONDS * LOGIN_SHARE)
        return rate, f"logins of {1000 * LOGIN_SECONDS:g} ms on {budget.cpus} CPU{'s' * (budget.cpus > 1)}"
    return None


def headlines(loads: Iterable[Load], rounds: int, profile: str) -> list[Headline]:
    """Return the ratios that a run of these loads will give a verdict to.

    CPU per request and p50; p99 too where a block will hold enough requests for it, quick runs aside. Where requests
    only wait, CPU is no headline; where half of them are slow and half are fast, p50 is none, as it lies between the two.
    """
    found = []
    for each in loads:
        metrics = HEADLINES.get(each.scenario, ["cpu", "p50"]).copy()
        # 10 % more than the rule asks for: Poisson arrivals come in varying numbers.
        enough = each.rate * each.seconds >= max(1.1 * P99_BLOCK, 1.1 * P99_STACK / rounds)
        if "cpu" in metrics and profile != QUICK.name and each.seconds >= P99_SECONDS and enough:
            metrics.append("p99")
        found += [Headline(scenario=each.scenario, metric=metric) for metric in metrics]
    return found
