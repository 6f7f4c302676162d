"""Cross-checks of a window: its halves beside each other, requests in flight by two ways, and what others say of the times."""

from __future__ import annotations

import math

from openloop.format import Samples
from tandem.observe import samples
from tandem.observe.samples import Window
from tandem.records.block import Diagnostics
from tandem.statistics import reached


def diagnostics(
    found: Samples, window: Window, nginx_mean_ms: float | None = None, static_p50_ms: float | None = None
) -> Diagnostics:
    """Return the cross-checks of a window; what nginx and a static file took was measured elsewhere.

    Little's law (1961): requests in flight = arrivals per second × mean time in the system, here from being sent to the end;
    one without an answer was in the system as long as it was watched. Poisson arrivals see time averages (Wolff 1982).
    """
    due = samples.within(found, *window)
    middle = (window[0] + window[1]) / 2
    halves = samples.within(due, window[0], middle), samples.within(due, middle, window[1])
    little = math.fsum(due.service_ms) / 1000 / (window[1] - window[0])
    return checked(due, halves, little, nginx_mean_ms, static_p50_ms)


def checked(
    due: Samples,
    halves: tuple[Samples, Samples],
    little: float,
    nginx_mean_ms: float | None,
    static_p50_ms: float | None,
) -> Diagnostics:
    """Return the cross-checks of what was due, its two halves, and the requests in flight by Little's law."""
    first, second = map(samples.ordered_times, halves)
    answered = [ms for ms, status in zip(due.service_ms, due.status, strict=True) if status]
    return Diagnostics(
        first_half_p50_ms=reached(first, 0.50),
        second_half_p50_ms=reached(second, 0.50),
        first_half_p99_ms=reached(first, 0.99),
        second_half_p99_ms=reached(second, 0.99),
        in_flight_seen=math.fsum(due.in_flight) / len(due) if len(due) else 0.0,
        in_flight_little=little,
        service_mean_ms=math.fsum(answered) / len(answered) if answered else None,
        nginx_mean_ms=nginx_mean_ms,
        static_p50_ms=static_p50_ms,
    )
