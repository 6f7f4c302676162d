"""Slices: what raw samples say about a window that is cut into slices, between which all that was in flight was answered.

The population is the same as of a window in one piece: every arrival due in it (`observe/samples.py`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from openloop.format import Samples
from tandem.observe import cross_checks, samples
from tandem.observe.samples import Figures, Window
from tandem.records.block import Diagnostics
from tandem.rules import GROWTH_SLICES

Slices = Sequence[Window]
"""In order; none overlaps another."""


def seconds(slices: Slices) -> float:
    """Return how long they are together."""
    return math.fsum(end - start for start, end in slices)


def figures(found: Samples, slices: Slices, drain_seconds: float | None = None) -> Figures:
    """Return what the slices say; `found` are all samples of the run of Locust.

    Good answers per second of an open loop are those to its arrivals. A closed loop, which tells for how long the last answers
    came, leaves as many requests in flight at each slice's end as it keeps: they count, and so does the time that they took. Who
    answers some at once and leaves others for later gains nothing by that.
    """
    due = samples.in_any(found, slices)
    good = sum(outcome == "ok" for outcome in due.outcome)
    return samples.figures_of(due, in_flight(found, slices), good / (seconds(slices) + (drain_seconds or 0.0)))


def in_flight(found: Samples, slices: Slices) -> list[int]:
    """Return the requests in flight at the slices' middles and after each further eighth, summed over all slices.

    Each begins with none, so that those in flight grow at first on any stack; only later that tells of a backlog.
    """
    sums = [0] * (GROWTH_SLICES + 1)
    for start, end in slices:
        for part, number in enumerate(samples.in_flight(samples.within(found, start, end), (start, end))):
            sums[part] += number
    return sums[GROWTH_SLICES // 2 :]


def diagnostics(
    found: Samples, slices: Slices, nginx_mean_ms: float | None = None, static_p50_ms: float | None = None
) -> Diagnostics:
    """Return the cross-checks as of a window in one piece; its halves are the earlier slices and the later ones.

    By Little's law (1961) the time that requests spent in flight within the slices, per second, is how many were in flight.
    """
    due, middle = samples.in_any(found, slices), len(slices) // 2
    halves = samples.in_any(due, slices[:middle]), samples.in_any(due, slices[middle:])
    return cross_checks.checked(due, halves, _held(due, slices) / seconds(slices), nginx_mean_ms, static_p50_ms)


def _held(due: Samples, slices: Slices) -> float:
    """Return the seconds that requests were in flight within the slices that they were due in."""
    return math.fsum(
        min(ended, end) - min(sent, end)
        for start, end in slices
        for sent, ended in samples.spans(samples.within(due, start, end))
    )
