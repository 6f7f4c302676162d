"""The prediction, against closed forms: λ(D − T)/r on one loop, nobody while a slot is left, a cliff beyond."""

from __future__ import annotations

import msgspec
import pytest

from tandem.judge.replay import Job
from tandem.live import prediction
from tandem.live.dots import IN_TIME_SECONDS
from tandem.live.prediction import LaneQueues, LateCount
from tandem.plan.kinds import Kind
from tests.tandem.live.lanes import HASH, SLEEP, lane

LOOP, THREADS = lane(), lane("threads", slots=16)
NATIVE = msgspec.structs.replace(HASH, stall="native")
PATIENT = msgspec.structs.replace(SLEEP, planted=None, stall="")
SENDER = msgspec.structs.replace(PATIENT, client="sends slowly")


@pytest.mark.parametrize(
    ("kind", "wrong", "loop", "threads"),
    [
        (SLEEP, True, LaneQueues(1, 1), LaneQueues(1, 16)),
        (SLEEP, False, None, LaneQueues(1, 16)),
        (PATIENT, True, None, LaneQueues(1, 16)),
        (NATIVE, True, LaneQueues(1, 1), LaneQueues(1, 1)),
        (SENDER, True, None, None),
    ],
)
def test_what_a_blocker_holds(kind: Kind, wrong: bool, loop: LaneQueues | None, threads: LaneQueues | None) -> None:
    assert prediction.queues(kind, wrong, LOOP) == loop
    assert prediction.queues(kind, wrong, THREADS) == threads


def test_behind_what_a_loop_shares_queues_do_not_decide() -> None:
    held = msgspec.structs.replace(PATIENT, holds="connections")
    assert [prediction.known(held, wrong, lane) for wrong in (True, False) for lane in (LOOP, THREADS)] == [
        False, True, True, True,
    ]  # fmt: skip
    assert prediction.known(SLEEP, True, LOOP)


@pytest.mark.parametrize(("seconds", "rate"), [(0.2, 120), (1.0, 40), (2.0, 60)])
def test_on_one_loop_all_who_come_early_are_late(seconds: float, rate: int) -> None:
    """Of those due while it blocks, rate × (D − T): those who come in the last T are in time."""
    late, of = prediction.before(LaneQueues(1, 1), seconds, 1, rate, 0.0005)
    assert abs(of - rate * seconds) <= 1
    drained = rate * rate * seconds * prediction.SERVICE  # who comes later waits for the others, too
    assert rate * (seconds - IN_TIME_SECONDS) - 1 <= late <= rate * (seconds - IN_TIME_SECONDS) + drained + 1


def test_nobody_is_late_while_a_slot_is_left_and_everybody_when_none_is() -> None:
    assert prediction.before(LaneQueues(1, 16), 1.0, 15, 40, 0.002) == LateCount(0, 40)
    late, of = prediction.before(LaneQueues(1, 16), 1.0, 16, 40, 0.002)
    assert (late, of) == (36, 40)


def test_more_than_there_are_slots_take_turns() -> None:
    assert prediction.longest(LaneQueues(1, 16), 1.0, 16) == 1.0
    assert prediction.longest(LaneQueues(1, 16), 1.0, 20) == 2.0
    assert prediction.longest(LaneQueues(1, 1), 1.0, 20) == 20.0
    assert prediction.longest(None, 1.0, 20) == 1.0
    assert prediction.before(LaneQueues(1, 16), 1.0, 20, 40, 0.002).of > 70


def test_nobody_waits_for_what_holds_nothing() -> None:
    assert prediction.before(None, 1.0, 50, 40, 0.002) == LateCount(0, 40)


def test_the_schedule_that_was_sent_is_replayed() -> None:
    """Five come while it blocks: three wait for longer than the target; two more come before and after it."""
    blockers = [Job(10.0, 0.5)]
    dues = [9.9, 10.05, 10.2, 10.35, 10.42, 10.45, 10.7]
    assert prediction.replayed(LaneQueues(1, 1), blockers, dues, 0.001) == LateCount(3, 5)
