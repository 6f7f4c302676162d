"""What a window of samples says about itself: whether its halves agree, and whether what is in flight fits what was measured."""

from __future__ import annotations

import random

import pytest

from tandem.observe import cross_checks
from tests.support.arrivals import arrival, dropped, table, unfinished


def test_diagnostics_of_a_window() -> None:
    rows = [
        arrival(n, 10 + n / 100, response_ms=10.0 if n < 100 else 30.0, service_ms=9.0, in_flight=n % 3)
        for n in range(200)
    ]
    found = cross_checks.diagnostics(table(*rows), (10.0, 12.0), nginx_mean_ms=8.5, static_p50_ms=0.3)
    assert (found.first_half_p50_ms, found.second_half_p50_ms, found.second_half_p99_ms) == (10.0, 30.0, 30.0)
    assert found.in_flight_seen == pytest.approx(0.995)
    assert found.in_flight_little == pytest.approx(100 * 0.009)
    assert (found.service_mean_ms, found.nginx_mean_ms, found.static_p50_ms) == (9.0, 8.5, 0.3)


def test_littles_law_holds_for_a_queue_that_was_simulated() -> None:
    """What Poisson arrivals meet is what arrivals per second times mean time says; dropped ones were never in it."""
    random_, due, ends, rows = random.Random(11), 0.0, [0.0], []
    for number in range(20_000):
        due += random_.expovariate(200.0)
        ends = [end for end in ends if end > due]
        end = max([due, *ends]) + random_.expovariate(400.0)
        time = 1000 * (end - due)
        rows.append(arrival(number, due, start_delay_ms=0.0, service_ms=time, response_ms=time, in_flight=len(ends)))
        ends.append(end)
    found = cross_checks.diagnostics(table(*rows), (0.0, due))
    assert found.in_flight_seen == pytest.approx(found.in_flight_little, rel=0.1)
    assert found.in_flight_seen == pytest.approx(1.0, rel=0.2)  # M/M/1 at half load


def test_diagnostics_of_a_server_that_hangs() -> None:
    found = cross_checks.diagnostics(table(unfinished(1, 0.1), dropped(2, 0.6)), (0.0, 1.0))
    assert found.first_half_p50_ms is None
    assert found.service_mean_ms is None
    assert found.in_flight_little == pytest.approx(4.999)
