"""Profiles: how long and how often `tandem compare` measures what, unless told otherwise."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tandem.errors import TandemError
from tandem.records import Headline, Load

READING = ("floor", "read", "pages", "waiting")
"""Scenarios that leave the database as it is; within a round and stack they come before those that write."""

WRITING = ("everyday", "write")
SCENARIOS = (*READING, *WRITING)

THINKING_USERS, THINK_SECONDS = 60, 0.2
"""Users and mean pause of a scenario; together they ask for a little under 300 requests per second."""

WAITING_USERS, NEWS_SECONDS = 48, 0.1
"""`waiting` has users without a pause, three for each thread of `wsgi-gthread`, and news that take a tenth of a second."""

HEADLINE_METRICS = {"waiting": ("p50",), "floor": ("p50",)}
"""What earns a word, by scenario; for all others CPU per request and p50."""


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


def loads(scenarios: Iterable[str], seconds: int, warmup: int) -> list[Load]:
    """Return the loads of these scenarios in the order in which they are measured.

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
    return [load(name, seconds, warmup if place == 0 else -(-warmup // 2)) for place, name in enumerate(ordered)]


def load(scenario: str, seconds: float, warmup: float) -> Load:
    """Return how one scenario is driven."""
    waits = scenario == "waiting"
    return Load(
        scenario=scenario,
        users=WAITING_USERS if waits else THINKING_USERS,
        think_seconds=0.0 if waits else THINK_SECONDS,
        warmup_seconds=warmup,
        seconds=seconds,
        news_seconds=NEWS_SECONDS if waits else None,
    )


def headlines(scenarios: Iterable[str]) -> list[Headline]:
    """Return the ratios that a run of these scenarios will give a word to."""
    return [
        Headline(scenario=name, metric=metric)
        for name in scenarios
        for metric in HEADLINE_METRICS.get(name, ("cpu", "p50"))
    ]
