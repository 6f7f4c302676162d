"""Phases: what a window with blockers did to everyone else, from its raw samples.

Blockers are told from bystanders by their numbers, which are negative (openloop/second.py).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from openloop.format import Samples
from tandem.observe.samples import Window
from tandem.records.blocked import Phase, RouteInPhase
from tandem.records.setup import Blocking
from tandem.rules import BAD_POINTS, GOOD_SECONDS, HEADLINE_TARGET, LATE_MS, TARGETS_MS
from tandem.statistics import reached

RECOVERY_STEP = 0.1
"""Seconds between the moments at which recovery may begin."""


class Bystander(NamedTuple):
    """One request beside the blockers; `response_ms` is +∞ where it had no good answer."""

    due: float
    route: str
    response_ms: float
    start_delay_ms: float


class Blocker(NamedTuple):
    """One request that blocks: when it was due, and when it was answered."""

    due: float
    end: float
    outcome: str
    status: int


def bystanders(samples: Samples, window: Window) -> list[Bystander]:
    """Return those that were due in the window, in the order in which they were."""
    columns = zip(
        samples.arrival, samples.due, samples.route, samples.response_ms, samples.start_delay_ms, samples.outcome,
        strict=True,
    )  # fmt: skip
    return sorted(
        Bystander(due, route, response if outcome == "ok" else math.inf, delay)
        for number, due, route, response, delay, outcome in columns
        if number >= 0 and window[0] <= due < window[1]
    )


def blockers(samples: Samples, window: Window) -> list[Blocker]:
    """Return the blockers that were due in the window, in the order in which they were."""
    columns = zip(samples.arrival, samples.due, samples.response_ms, samples.outcome, samples.status, strict=True)
    return sorted(
        Blocker(due, due + response / 1000, outcome, status)
        for number, due, response, outcome, status in columns
        if number < 0 and window[0] <= due < window[1]
    )


def moments(blocking: Blocking, window: Window) -> list[float]:
    """Return where the phases begin and end, in seconds since the epoch."""
    start, end = window
    return [start, start + blocking.before, start + blocking.before + blocking.on, end]


def phases(found: Sequence[Bystander], blocking: Blocking, window: Window) -> list[Phase]:
    """Return the three phases: each bystander counts in the one in which it was due."""
    bounds = moments(blocking, window)
    routes = sorted({each.route for each in found})
    return [_phase(found, routes, start, end, window[0]) for start, end in pairwise(bounds)]


def _phase(found: Iterable[Bystander], routes: Iterable[str], start: float, end: float, origin: float) -> Phase:
    due = [each for each in found if start <= each.due < end]
    return Phase(
        start=round(start - origin, 6),
        end=round(end - origin, 6),
        routes=[_route(name, sorted(each.response_ms for each in due if each.route == name)) for name in routes],
        dispatch_lag_p99_ms=reached(sorted(each.start_delay_ms for each in due), 0.99) or 0.0,
    )


def _route(name: str, times: Sequence[float]) -> RouteInPhase:
    return RouteInPhase(
        route=name,
        arrivals=len(times),
        misses=[sum(time > target for time in times) for target in TARGETS_MS],
        p50_ms=reached(times, 0.50),
        p99_ms=reached(times, 0.99),
        max_ms=reached(times, 1.0),
    )


def recovery(
    found: Sequence[Bystander], begin: float, since: float, end: float, first: Phase
) -> tuple[float | None, int]:  # fmt: skip
    """Return how many seconds after the last blocker's end service was good again, and how many seconds were bad after that.

    Blockers come from `begin` on, and the last one ends at `since`. A second is good where the share of misses is at most the
    first phase's and 5 points; three in a row are asked for. Where no second was bad there is nothing to recover from: 0. None:
    it was bad, and that it was good again was not seen before the window's end.
    """
    limit = (first.misses(HEADLINE_TARGET) / first.arrivals if first.arrivals else 0.0) + BAD_POINTS / 100
    late = [(each.due, each.response_ms > LATE_MS) for each in found if each.due >= begin]
    if not any(_bad(late, moment, limit) for moment in _seconds(begin, end)):
        return 0.0, 0
    for start in _steps(since, end - GOOD_SECONDS):
        if not any(_bad(late, start + second, limit) for second in range(GOOD_SECONDS)):
            later = _seconds(start + GOOD_SECONDS, end)
            return round(start - since, 3), sum(_bad(late, moment, limit) for moment in later)
    return None, 0


def _steps(start: float, end: float) -> Iterator[float]:
    """Yield the moments from start to end."""
    return (start + number * RECOVERY_STEP for number in range(math.floor((end - start) / RECOVERY_STEP + 1e-6) + 1))


def _seconds(start: float, end: float) -> Iterator[float]:
    """Yield the beginnings of whole seconds before the end."""
    return (start + number for number in range(max(0, math.floor(end - start + 1e-6))))


def _bad(late: Iterable[tuple[float, bool]], start: float, limit: float) -> bool:
    """Tell whether too many of those due within a second from here were late."""
    found = [missed for due, missed in late if start <= due < start + 1]
    return bool(found) and sum(found) / len(found) > limit
