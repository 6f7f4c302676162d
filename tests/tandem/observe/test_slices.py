"""What samples say about a window that is cut into slices."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from openloop.format import Samples
from tandem.observe import samples, slices
from tests.support import arrivals

PARTS = [(10.0, 11.0), (20.0, 21.0), (30.0, 31.0), (35.0, 36.0)]


def table(*rows: tuple[float, float, str]) -> Samples:
    """Return samples of arrivals that were due then, took so many milliseconds and ended so."""
    return arrivals.samples(
        range(len(rows)), [row[0] for row in rows], [row[1] for row in rows], in_flight=0,
        status=[200 if row[2] == "ok" else 0 for row in rows], outcome=[row[2] for row in rows],
    )  # fmt: skip


ROWS = [
    (9.5, 10, "ok"),  # warm-up
    (10.0, 100, "ok"),
    (10.9, 300, "ok"),  # is answered after the slice
    (11.0, 10, "ok"),  # the end is excluded
    (15.0, 10, "ok"),  # between
    (20.5, 200, "failed"),
    (30.2, 500, "ok"),
    (35.999, 10_000, "unfinished"),
    (36.5, 10, "ok"),
]


def test_what_was_due_in_a_slice_counts_and_nothing_else() -> None:
    found = slices.figures(table(*ROWS), PARTS)
    assert (found.arrivals, found.requests, found.failures, found.unfinished) == (5, 4, 1, 1)
    assert found.rate == 3 / 4
    assert found.p50_ms == 500


def test_at_saturation_all_answers_count_and_the_time_that_the_last_ones_took() -> None:
    assert slices.figures(table(*ROWS), PARTS, 2.0).rate == 3 / 6


@pytest.mark.parametrize("fair", [True, False])
def test_a_closed_loop_at_a_known_rate_is_seen_at_that_rate_whom_ever_it_answers_first(fair: bool) -> None:
    """64 in flight and 500 answers per second, in order or those that came last first: both are as fast."""
    rows = []
    for start, _ in PARTS:
        sent = [start] * 64 + [start + (number + 1) / 500 for number in range(499)]
        ends = [start + (number + 1) / 500 for number in range(len(sent))]
        order = range(len(sent)) if fair else [*range(63, len(sent)), *range(62, -1, -1)]
        rows += [(sent[place], 1000 * (end - sent[place]), "ok") for place, end in zip(order, ends, strict=True)]
    found = table(*sorted(rows))
    drained = sum(max(at + ms / 1000 for at, ms, _ in rows if start <= at < end) - end for start, end in PARTS)
    told = slices.figures(found, PARTS, drained)
    assert told.rate == pytest.approx(500)
    assert told.in_flight == pytest.approx([4 * 64] * 5, abs=4)


def test_requests_in_flight_and_halves_against_brute_force() -> None:
    drawn = random.Random(3)
    rows = [(drawn.uniform(start, end), drawn.expovariate(1 / 40), "ok") for start, end in PARTS for _ in range(300)]
    found = table(*sorted(rows))
    flying = [
        sum(at <= start + part / 8 < at + ms / 1000 for start, end in PARTS for at, ms, _ in rows if start <= at < end)
        for part in range(4, 9)
    ]
    assert slices.in_flight(found, PARTS) == flying
    told = slices.diagnostics(found, PARTS)
    early, late = (sorted(ms for at, ms, _ in rows if (at < 25) == early) for early in (True, False))
    assert (told.first_half_p50_ms, told.second_half_p50_ms) == (early[299], late[299])
    held = sum(min(at + ms / 1000, end) - at for start, end in PARTS for at, ms, _ in rows if start <= at < end)
    assert told.in_flight_little == pytest.approx(held / 4)


def test_one_slice_says_what_a_window_says() -> None:
    drawn = random.Random(4)
    found = table(*sorted((drawn.uniform(9, 13), drawn.expovariate(1 / 5), "ok") for _ in range(2000)))
    whole, cut = samples.figures(found, (10.0, 12.0)), slices.figures(found, [(10.0, 12.0)])
    assert whole._replace(in_flight=[], backlog=0) == cut._replace(in_flight=[], backlog=0)
    assert replace(samples.within(found, 10.0, 12.0)) == samples.in_any(found, [(10.0, 12.0)])
