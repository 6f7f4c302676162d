"""Health: checks that misled while something blocked: healthy while others got no answer in time, or ill while they did."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

import msgspec

from tandem.judge.harm import RouteHarm
from tandem.judge.measures import Measures
from tandem.records.setup import Load
from tandem.rules import BAD_POINTS, HEADLINE_TARGET

UNSERVED = 0.5
"""Share of misses from which on whoever asks is as good as not served."""


class Misled(msgspec.Struct, frozen=True, kw_only=True):
    """What a health check said of a stack, and what became of another route meanwhile, as shares of misses."""

    scenario: str
    stack: str
    said: Literal["healthy", "ill"]
    check: str  # its route
    check_share: float
    route: str
    route_share: float


def find(loads: Iterable[Load], measures: Sequence[Measures], rounds: int) -> list[Misled]:
    """Return the checks that misled in a run with so many rounds that count; none for fewer than two."""
    kinds = [load.scenario for load in loads if load.blocking and load.blocking.row and not load.blocking.control]
    found = [m for m in measures if m.scenario in kinds] if rounds > 1 else []
    return [each for m in found for each in _misled(m)]


def is_check(route: str) -> bool:
    """Tell whether a route is a health check, which is the usual name of one."""
    return "health" in route


def _misled(m: Measures) -> Iterator[Misled]:
    routes = m.harm.routes if m.harm else []
    for check in (each for each in routes if is_check(each.route)):
        for other in (each for each in routes if each is not check):
            if _well(check) and _unserved(other):
                yield _told(m, "healthy", check, other)
            if _unserved(check) and _well(other) and not is_check(other.route):
                yield _told(m, "ill", check, other)


def _well(route: RouteHarm) -> bool:
    return 100 * route.during[HEADLINE_TARGET] < BAD_POINTS


def _unserved(route: RouteHarm) -> bool:
    """Tell whether it is not served while something blocks, and was before."""
    return route.during[HEADLINE_TARGET] >= UNSERVED and 100 * route.before[HEADLINE_TARGET] < BAD_POINTS


def _told(m: Measures, said: Literal["healthy", "ill"], check: RouteHarm, other: RouteHarm) -> Misled:
    return Misled(
        scenario=m.scenario, stack=m.stack, said=said, check=check.route, check_share=check.during[HEADLINE_TARGET],
        route=other.route, route_share=other.during[HEADLINE_TARGET],
    )  # fmt: skip
