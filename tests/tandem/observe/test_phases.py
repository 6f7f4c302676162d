"""What samples of a window with blockers say: phases by due time, misses whatever became of a request, recovery."""

from __future__ import annotations

import math

import msgspec
import pytest

from openloop.format import Samples
from tandem.experiments import harmed
from tandem.experiments.harmed import Queues
from tandem.judge.replay import Inside
from tandem.observe import phases, samples
from tandem.records.blocked import ENDLESS, Blocked, Phase
from tandem.records.setup import Blocking
from tests.support import arrivals

BLOCKING = Blocking(kind="sleep", route="GET /lab/sleep", rate=2, milliseconds=200, before=3, on=4, after=3)
START = 1000.0
WINDOW = (START, START + 10)

Row = tuple[int, float, float, str]  # number, seconds since the window's beginning, response in ms, outcome


def built(rows: list[Row]) -> Samples:
    """Samples as a file would hold them."""
    return arrivals.samples(
        [number for number, *_ in rows], [START + due for _, due, _, _ in rows], [ms for _, _, ms, _ in rows], delay=0.1,
        in_flight=0, route=["GET /lab/sleep" if number < 0 else "GET /healthz" for number, *_ in rows],
        status=[503 if outcome == "failed" else 200 for *_, outcome in rows], outcome=[outcome for *_, outcome in rows],
    )  # fmt: skip


def blocked(rows: list[Row]) -> Blocked:
    """What a block keeps of them."""
    return harmed.blocked(BLOCKING, built(rows), WINDOW, 0.0006, Queues(1, 1))


BLOCKERS: list[Row] = [(-1 - number, 3 + number / 2, 201.0, "ok") for number in range(8)]


def standing(due: float) -> float:
    """How long a loop that stands from each blocker on for 200 ms makes one wait who comes then."""
    for _, at, ms, _ in BLOCKERS:
        if at <= due < at + ms / 1000:
            return 1000 * (at - due) + ms + 1
    return 1.0


EVENLY = [number / 100 + 0.005 for number in range(1000)]
STANDING: list[Row] = [(number, due, standing(due), "ok") for number, due in enumerate(EVENLY)]


def late(found: Phase) -> int:
    return found.misses(1)


def test_each_counts_in_the_phase_in_which_it_was_due() -> None:
    found = blocked(STANDING + BLOCKERS)
    assert [(each.start, each.end, each.arrivals) for each in found.phases] == [(0, 3, 300), (3, 7, 400), (7, 10, 300)]
    assert [late(each) for each in found.phases] == [0, 8 * 10, 0]
    assert [each.misses(0) for each in found.phases] == [0, 8 * 18, 0]
    assert (found.blockers, found.completed, found.refused) == (8, 8, 0)
    assert found.blocker_p50_ms == pytest.approx(201)


def test_the_replay_of_the_same_schedule_agrees() -> None:
    found = blocked(STANDING + BLOCKERS)
    assert found.predicted is not None
    assert found.predicted[1] == pytest.approx(late(found.phases[1]), rel=0.1)
    assert found.predicted[2] == 0


def test_how_long_one_blocks_is_seen_where_nobody_knows_it_beforehand() -> None:
    half = msgspec.structs.replace(BLOCKING, milliseconds=BLOCKING.milliseconds / 2)
    queues = Queues(1, 1)
    told, seen = (
        harmed.blocked(each, built(STANDING + BLOCKERS), WINDOW, 0.0006, queues).predicted
        for each in (half, msgspec.structs.replace(half, about=True))
    )
    assert told is not None
    assert seen is not None
    assert told[1] == 0
    assert seen[1] == pytest.approx(80, rel=0.1)


@pytest.mark.parametrize("outcome", ["failed", "unfinished", "dropped"])
def test_a_fast_refusal_is_a_miss(outcome: str) -> None:
    refused: list[Row] = [(number, due, 1.0, outcome) for number, due in enumerate(EVENLY)]
    found = blocked(refused + BLOCKERS)
    assert [late(each) for each in found.phases] == [300, 400, 300]
    assert found.phases[1].routes[0].p50_ms is None


def test_blockers_that_are_refused_are_not_completed() -> None:
    found = blocked(STANDING + [(number, due, 1.0, "failed") for number, due, _, _ in BLOCKERS])
    assert (found.blockers, found.completed, found.refused, found.blocker_p50_ms) == (8, 0, 8, None)


def test_blockers_are_no_bystanders() -> None:
    everything = built(STANDING + BLOCKERS)
    assert len(samples.first(everything)) == len(STANDING)
    assert samples.lost_or_duplicated(samples.first(everything), WINDOW) == 0


def test_who_recovers_at_once_and_who_after_a_while() -> None:
    assert blocked(STANDING + BLOCKERS).recovery == 0
    slow = [(number, due, 300.0 if 3 <= due < 6.9 else 1.0, "ok") for number, due in enumerate(EVENLY)]
    found = blocked(slow + BLOCKERS)
    assert found.recovery == pytest.approx(0.1, abs=0.11), "the last blocker ends at 6.7 s"


def test_who_does_not_recover_while_it_is_watched() -> None:
    forever: list[Row] = [(number, due, 300.0 if due >= 3 else 1.0, "ok") for number, due in enumerate(EVENLY)]
    assert (blocked(forever + BLOCKERS).recovery, blocked(forever + BLOCKERS).relapses) == (None, 0)


def test_whom_nobody_hurt_has_nothing_to_recover_from_also_where_blockers_outlast_the_window() -> None:
    well: list[Row] = [(number, due, 1.0, "ok") for number, due in enumerate(EVENLY)]
    endless = [(number, due, 5000.0, "ok") for number, due, _, _ in BLOCKERS]
    assert (blocked(well + endless).recovery, blocked(STANDING + endless).recovery) == (0, None)


def test_a_bad_second_after_recovery_is_a_relapse() -> None:
    window, first = (START, START + 20), blocked(STANDING + BLOCKERS).phases[0]
    dues = [number / 100 for number in range(2000)]
    rows: list[Row] = [(place, due, 300.0 if 15 <= due < 15.5 else 1.0, "ok") for place, due in enumerate(dues)]
    found = phases.bystanders(built(rows), window)
    assert phases.recovery(found, START + 3, START + 7, window[1], first) == (0.0, 1)


def test_a_window_without_anybody_is_no_error() -> None:
    found = blocked([])
    assert [each.arrivals for each in found.phases] == [0, 0, 0]
    assert (found.blockers, found.predicted, math.isfinite(found.service_ms)) == (0, [0, 0, 0], True)


def test_nothing_is_predicted_where_nobody_knows_what_decides() -> None:
    found = harmed.blocked(BLOCKING, built(STANDING + BLOCKERS), WINDOW, 0.0006, None)
    assert (found.predicted, found.places, found.held) == (None, 0, None)


def test_what_only_some_need_makes_only_those_late() -> None:
    blocking = msgspec.structs.replace(BLOCKING, holds="connections", needed_by=("GET /healthz",), milliseconds=800)
    few, nobody = Queues(1, ENDLESS, Inside(1)), msgspec.structs.replace(blocking, needed_by=())
    found = harmed.blocked(blocking, built(STANDING + BLOCKERS), WINDOW, 0.0, few)
    assert found.predicted is not None
    assert found.predicted[1] > 400  # eight of 800 ms, one after the other
    assert (found.held, harmed.blocked(nobody, built(STANDING + BLOCKERS), WINDOW, 0.0, few).predicted) == (
        1,
        [0, 0, 0],
    )
