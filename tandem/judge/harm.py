"""Harm: what blockers did to everyone else, over the rounds that count.

Beside them stands the *harm ratio*: late requests ÷ those that came while something blocked, so that 1 means that the whole stack
stood. Krebs, Momm and Kounev (2012) relate the loss of the others to how much more the disturbing ones ask; this one is absolute.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

import msgspec

from tandem import statistics
from tandem.records.blocked import Blocked, Phase
from tandem.records.setup import Blocking
from tandem.rules import COMPLETED_LIMIT, ERROR, HEADLINE_TARGET, TARGETS_MS


class Times(msgspec.Struct, frozen=True, kw_only=True):
    """How long one route's bystanders of one phase took, over the rounds together."""

    arrivals: int
    p50_ms: float | None  # medians of the rounds; None: not reached in one of them
    p99_ms: float | None
    max_ms: float | None  # the worst of all rounds


class RouteHarm(msgspec.Struct, frozen=True, kw_only=True):
    """What one route of bystanders suffered."""

    route: str
    late: float  # per blocker
    rounds: list[float]  # the same, of each
    interval: tuple[float, float] | None  # 95 %; None: too few rounds
    harm_ratio: float | None
    before: list[float]  # share of misses for each target, before anybody blocked
    during: list[float]  # and while they did
    after: list[float]
    times: list[Times]  # of each of the three phases


class Harm(msgspec.Struct, frozen=True, kw_only=True):
    """What all of them suffered on one stack, and what became of the blockers."""

    blockers: int
    completed: int
    refused: int
    blocker_p50_ms: float | None  # median of the rounds
    late: float | None  # per blocker; None where there was no blocker
    rounds: list[float]  # the same, of each
    interval: tuple[float, float] | None  # 95 %; None: too few rounds
    predicted: float | None  # late per blocker by replaying the schedules; None: nobody knows what decides
    harm_ratio: float | None
    before_share: float  # of misses, before anybody blocked
    during_share: float
    after_share: float
    recovery: float | None  # seconds, median of the rounds; None: longer than was observed
    unrecovered: int  # rounds in which it was
    relapses: int
    queues: int
    places: int  # in each
    held: int | None  # how many blockers at once leave nothing for others; None: they take nothing, or nobody knows
    routes: list[RouteHarm]

    @property
    def blast_radius(self) -> float:
        """By how much the share of misses grew while others blocked."""
        return self.during_share - self.before_share

    @property
    def completes(self) -> bool:
        """Whether it did the work that blocks: to refuse it would harm nobody."""
        return self.completed >= COMPLETED_LIMIT * self.blockers


def find(blocking: Blocking, rate: float, found: Sequence[Blocked]) -> Harm | None:
    """Put the blocks of one stack together; `rate` is that of the bystanders. None without any."""
    if not found:
        return None
    blockers = sum(each.blockers for each in found)
    per_blocker, rounds = late(found), _rounds(found)
    during = rate * blocking.milliseconds / 1000
    return Harm(
        blockers=blockers,
        completed=sum(each.completed for each in found),
        refused=sum(each.refused for each in found),
        blocker_p50_ms=_median([each.blocker_p50_ms for each in found]),
        late=per_blocker,
        rounds=rounds,
        interval=statistics.interval(rounds, ERROR),
        predicted=_predicted(found),
        harm_ratio=None if per_blocker is None else per_blocker / during,
        before_share=_share([each.phases[0] for each in found]),
        during_share=missed(found),
        after_share=_share([each.phases[2] for each in found]),
        recovery=_recovery([each.recovery for each in found]),
        unrecovered=sum(each.recovery is None for each in found),
        relapses=sum(each.relapses for each in found),
        queues=found[0].queues,
        places=found[0].places,
        held=found[0].held,
        routes=[
            _route(name, blocking, found) for name in sorted({r.route for each in found for r in each.phases[0].routes})
        ],
    )


def late(found: Sequence[Blocked], route: str | None = None) -> float | None:
    """Return how many requests of a route, or of all, each blocker made late; None where there was none."""
    blockers = sum(each.blockers for each in found)
    return sum(_excess(each, route) for each in found) / blockers if blockers else None


def missed(found: Sequence[Blocked]) -> float:
    """Return the share of those due while blockers came that missed the target, by which harm is judged."""
    return _share([each.phases[1] for each in found])


def _rounds(found: Sequence[Blocked], route: str | None = None) -> list[float]:
    return [value for each in found if (value := late([each], route)) is not None]


def _predicted(found: Sequence[Blocked]) -> float | None:
    known = [each.predicted[HEADLINE_TARGET] for each in found if each.predicted is not None]
    blockers = sum(each.blockers for each in found)
    return sum(known) / blockers if blockers and len(known) == len(found) else None


def _excess(found: Blocked, route: str | None) -> float:
    """Return the misses from the first blocker on, in excess of the share that was there before."""
    (before, missed), *rest = (_counts(phase, HEADLINE_TARGET, route) for phase in found.phases)
    usual = missed / before if before else 0.0
    return sum(late - usual * arrivals for arrivals, late in rest)


def _counts(phase: Phase, target: int, route: str | None = None) -> tuple[int, int]:
    """Return arrivals and misses of a phase."""
    rows = [each for each in phase.routes if route is None or each.route == route]
    return sum(each.arrivals for each in rows), sum(each.misses[target] for each in rows)


def _share(phases: Sequence[Phase], target: int = HEADLINE_TARGET, route: str | None = None) -> float:
    counts = [_counts(phase, target, route) for phase in phases]
    arrivals = sum(count for count, _ in counts)
    return sum(missed for _, missed in counts) / arrivals if arrivals else 0.0


def _route(name: str, blocking: Blocking, found: Sequence[Blocked]) -> RouteHarm:
    phases = [[each.phases[place] for each in found] for place in range(3)]
    before, during, after = ([_share(each, target, name) for target in range(len(TARGETS_MS))] for each in phases)
    times = [_times(name, each) for each in phases]
    per_blocker, rounds = late(found, name) or 0.0, _rounds(found, name)
    seconds = sum(each.end - each.start for each in phases[1])
    rate = times[1].arrivals / seconds if seconds else 0.0
    return RouteHarm(
        route=name,
        late=per_blocker,
        rounds=rounds,
        interval=statistics.interval(rounds, ERROR),
        harm_ratio=1000 * per_blocker / (rate * blocking.milliseconds) if rate else None,
        before=before,
        during=during,
        after=after,
        times=times,
    )


def _times(name: str, phases: Sequence[Phase]) -> Times:
    rows = [each for phase in phases for each in phase.routes if each.route == name]
    worst = [each.max_ms for each in rows]
    return Times(
        arrivals=sum(each.arrivals for each in rows),
        p50_ms=_median([each.p50_ms for each in rows]),
        p99_ms=_median([each.p99_ms for each in rows]),
        max_ms=None if None in worst else max((ms for ms in worst if ms is not None), default=None),
    )


def _recovery(found: Sequence[float | None]) -> float | None:
    """Return the median, of which those that were longer than observed are the upper part."""
    ordered = sorted(found, key=lambda seconds: (seconds is None, seconds or 0.0))
    return ordered[len(ordered) // 2]


def _median(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return median(known) if known and len(known) == len(values) else None
