"""Turns: due times in active time, a closed loop that asks within turns alone, and what is told of it."""

from __future__ import annotations

import math
import os
from itertools import pairwise
from random import Random

import gevent
import pytest

from openloop import turns as taking
from openloop.arrival import now
from openloop.schedule import Schedule, gaps
from openloop.turns import Bell, InTurns, Turns
from tests.support.waiting import PATIENCE


def silent() -> Turns:
    return Turns(lambda _: None)


def played(kind: str, begins: list[float], length: float, looks: int) -> list[list[float]]:
    """Return the due times of each turn, at 40 per second, taken in so many looks at random moments."""
    turns, random, found = silent(), Random(looks), []
    schedule = InTurns(Schedule(gaps(kind, "k", 0, 1), 0.0), turns)
    schedule.change(40, 3.0)
    for begin in begins:
        turns.add(begin, begin + length)
        due = []
        for _ in range(looks):
            due += schedule.due(begin + random.uniform(-1, length + 1))
        found.append(due + schedule.due(begin + length + 1))
    return found


@pytest.mark.parametrize("kind", ["poisson", "uniform"])
def test_due_times_are_those_of_a_run_in_one_piece_however_the_turns_lie(kind: str) -> None:
    whole = Schedule(gaps(kind, "k", 0, 1), 0.0)
    whole.change(40, 0.0)
    expected = whole.due(3.999999)
    for begins in ([5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0, 12.0], [5.0, 9.5, 17.25, 30.0, 40.0, 50.0, 60.5, 1e6]):
        for looks in (0, 1, 7):
            found = played(kind, begins, 0.5, looks)
            active = [
                at - begin + 0.5 * turn
                for turn, (begin, due) in enumerate(zip(begins, found, strict=True))
                for at in due
            ]
            assert active == pytest.approx(expected, abs=2e-6)
            assert all(begin <= at < begin + 0.5 for begin, due in zip(begins, found, strict=True) for at in due)


def test_what_is_due_at_the_very_end_of_a_turn_is_due_in_one_turn_and_once() -> None:
    turns = silent()
    schedule = InTurns(Schedule(iter([1.0] * 99), 0.0), turns)
    schedule.change(2, 0.0)
    found = []
    for begin in (10.0, 20.0, 30.0):
        turns.add(begin, begin + 1.0)  # the second and fourth arrival are due exactly at their ends
        found.append(schedule.due(begin + 1.0))
    assert [len(due) for due in found] == [2, 2, 2]
    assert all(begin <= at < begin + 1 for begin, due in zip((10.0, 20.0, 30.0), found, strict=True) for at in due)


def test_nothing_is_due_before_the_first_turn_and_between_turns() -> None:
    turns = silent()
    schedule = InTurns(Schedule(iter([1.0] * 99), 0.0), turns)
    schedule.change(100, 7.0)
    assert schedule.next() == math.inf
    assert schedule.due(1e9) == []
    turns.add(50.0, 50.1)
    assert schedule.next() == pytest.approx(50.01)
    assert len(schedule.due(50.25)) in (9, 10)
    assert schedule.next() in (math.inf, pytest.approx(50.1, abs=1e-5))
    assert schedule.rate == 100


def test_active_time_passes_in_turns_alone() -> None:
    turns = silent()
    turns.add(10.0, 11.0)
    turns.add(20.0, 22.0)
    moments = [0.0, 10.5, 20.0, 21.0, 22.0, 99.0]
    assert [turns.active(moment) for moment in moments] == [1.0, 1.0, 1.0, 2.0, 3.0, 3.0]
    assert turns.moment(1.5) == 20.5
    assert turns.moment(3.0) == math.inf


def test_whoever_waits_goes_on_within_turns_alone_and_at_the_end() -> None:
    turns, sent = silent(), list[float]()

    def user() -> None:
        while True:
            turns.wait()
            if turns.is_over:
                return
            sent.append(now())
            gevent.sleep(0.005)

    users = [gevent.spawn(user) for _ in range(3)]
    bell = Bell(turns.begin, lambda: None)
    begin = now()
    parts = [(begin + 0.05, begin + 0.55), (begin + 0.95, begin + 1.45)]
    for part in parts:
        turns.add(*part)
        bell.set(*part)
        gevent.sleep(max(0.0, part[1] + 0.05 - now()))
    turns.end()
    bell.close()
    gevent.joinall(users, timeout=PATIENCE, raise_error=True)
    assert all(user.ready() for user in users)
    # A moment after the end for who was let go before it; whoever did not wait would send all the time until the next turn.
    assert all(any(start <= at < end + 0.3 for start, end in parts) for at in sent)
    assert all(any(start <= at < end for at in sent) for start, end in parts)


def test_a_bell_rings_once_at_each_end_and_burns_nothing() -> None:
    rung = []
    bell = Bell(lambda: rung.append("begin"), lambda: rung.append("end"))
    for number in (1, 2):
        bell.set(now() + 0.01, now() + 0.02)
        with gevent.Timeout(PATIENCE):
            while len(rung) < 2 * number:
                gevent.sleep(0.01)
    gevent.sleep(0.05)
    bell.close()
    assert rung == ["begin", "end"] * 2


def test_it_is_told_once_for_each_turn_that_nothing_is_in_flight() -> None:
    moments: list[float] = []
    turns = Turns(moments.append)
    turns.quiet()
    for _ in range(2):
        turns.add(now() - 2, now() + 100)
        turns.quiet()  # it still is a turn
        turns.add(now() - 2, now() - 1)
        turns.quiet()
        turns.quiet()
    assert len(moments) == 2


def test_turns_are_read_line_by_line_until_the_end() -> None:
    reading, writing = os.pipe()
    os.write(writing, b"10.5 11.5\n20")
    found = taking.told(reading)
    assert next(found) == (10.5, 11.5)
    os.write(writing, b" 21.25\n")
    assert next(found) == (20.0, 21.25)
    os.close(writing)
    assert list(found) == []
    os.close(reading)


@pytest.mark.parametrize("line", ["soon", "5 4", "1", "nan 5", "1 2 3", ""])
def test_a_line_that_tells_no_turn_is_refused(line: str) -> None:
    reading, writing = os.pipe()
    os.write(writing, f"{line}\n".encode())
    with pytest.raises(ValueError, match=r"turn|float|values"):
        next(taking.told(reading))
    os.close(writing)
    os.close(reading)


def test_gaps_are_kept_within_turns() -> None:
    """Uniform arrivals stay uniform within each turn."""
    for due in played("uniform", [5.0, 8.0, 11.0], 0.5, 3):
        assert [after - before for before, after in pairwise(due)] == pytest.approx([0.025] * (len(due) - 1), abs=2e-6)
