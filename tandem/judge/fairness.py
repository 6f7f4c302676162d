"""Fairness: whether a stack at saturation answers some requests at the cost of others, which then isn't throughput."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from tandem.judge.measures import Measures, Pooled, Route
from tandem.records.setup import Load
from tandem.rules import shown

STARVED = 20.0
"""Some requests starve where p99.9 is more than this many times p50, or one route's p50 that of all requests."""


class Starved(msgspec.Struct, frozen=True, kw_only=True):
    """Requests of one stack that waited far longer than others at saturation."""

    scenario: str
    stack: str
    route: str | None  # None: of all routes alike
    p50_ms: float | None  # of half of these requests
    p999_ms: float | None  # None: too few for it, or not reached
    all_p50_ms: float  # of half of all the stack's requests


def find(loads: Sequence[Load], measures: Iterable[Measures], routes: Sequence[Route]) -> list[Starved]:
    """Return which requests starved, of loads that saturate."""
    saturated = {load.scenario for load in loads if load.saturates}
    found = []
    for each in measures:
        if each.scenario in saturated and each.pooled is not None and each.pooled.p50_ms:
            own = [route for route in routes if (route.scenario, route.stack) == (each.scenario, each.stack)]
            found += _of(each, each.pooled, each.pooled.p50_ms, own)
    return found


def _of(measures: Measures, pooled: Pooled, middle: float, routes: Sequence[Route]) -> list[Starved]:
    def starved(route: str | None, seen: Pooled) -> Starved:
        return Starved(
            scenario=measures.scenario, stack=measures.stack, route=route, p50_ms=seen.p50_ms, p999_ms=_p999(seen),
            all_p50_ms=middle,
        )  # fmt: skip

    slow = [starved(route.route, route.pooled) for route in routes if _beyond(route.pooled.p50_ms, middle)]
    return slow or ([starved(None, pooled)] if _beyond(_p999(pooled), middle) else [])


def _p999(pooled: Pooled) -> float | None:
    return pooled.p999_ms if shown("p999", pooled.samples) else None


def _beyond(value: float | None, middle: float) -> bool:
    return value is not None and value > STARVED * middle
