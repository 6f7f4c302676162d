"""Blocked: what a window with blockers did to everyone else, by phase and route, and what became of the blockers.

Times are in seconds unless a name says `_ms`. Misses are counted for each of `rules.TARGETS_MS`, in that order: arrivals that had
no good answer by then, refused and failed ones included.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from tandem.records.bounds import Amount, Count, NotNegative, Text

Misses = Annotated[list[Count], msgspec.Meta(min_length=3, max_length=3)]

ENDLESS = 100_000
"""Places of a loop that goes on meanwhile: more than any load has requests."""


class RouteInPhase(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the bystanders of one route that were due in one phase."""

    route: Text
    arrivals: Count
    misses: Misses
    p50_ms: Amount | None  # None: not reached, or nobody came
    p99_ms: Amount | None
    max_ms: Amount | None


class Phase(msgspec.Struct, frozen=True, kw_only=True):
    """One of the phases of a window: before, while and after blockers come."""

    start: NotNegative  # seconds since the window's beginning
    end: NotNegative  # excluded
    routes: list[RouteInPhase]
    dispatch_lag_p99_ms: Amount

    @property
    def arrivals(self) -> int:
        """Bystanders that were due."""
        return sum(each.arrivals for each in self.routes)

    def misses(self, target: int) -> int:
        """How many of them missed the target of this place."""
        return sum(each.misses[target] for each in self.routes)


class Blocked(msgspec.Struct, frozen=True, kw_only=True):
    """All that a block knows of its blockers and of those beside them."""

    phases: Annotated[list[Phase], msgspec.Meta(min_length=3, max_length=3)]
    blockers: Count  # that were due
    completed: Count
    refused: Count  # answered otherwise than well
    blocker_p50_ms: Amount | None  # of those that completed
    recovery: (
        NotNegative | None
    )  # from the end of the last blocker until three good seconds began; None: longer than observed
    relapses: Count  # bad seconds after that
    predicted: (
        Misses | None
    )  # of those due while and after blockers came, by replaying the schedule; None: nobody knows what decides
    service_ms: NotNegative  # of each bystander, that the replay reckoned with
    queues: Count  # and how many queues, each with so many places
    places: Count  # 0: nobody knows; ENDLESS: blockers take none that others need
    inside: Count = (
        0  # in all queues together, what blockers hold beside their place and only some need; 0: nothing such
    )

    @property
    def held(self) -> int | None:
        """How many blockers at once leave nothing for others; None where they take nothing, or nobody knows."""
        places = self.queues * self.places if self.places < ENDLESS else 0
        return min((number for number in (places, self.inside) if number), default=None)
