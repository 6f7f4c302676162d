"""Every way to hold a loop is told from the others, on asyncio and on uvloop, and the line is named where it can be known."""

from __future__ import annotations

import asyncio

import pytest

from stalls.record import Stall
from tests.stalls import blockers
from tests.stalls.blockers import Blocker, line_of
from tests.stalls.watching import LOOPS, longest, watched

pytestmark = pytest.mark.parametrize("loop", LOOPS)


def held(loop: str, blocker: Blocker) -> Stall:
    """The stall that a blocker makes."""
    return longest(watched(loop, blocker))


@pytest.mark.parametrize(
    ("blocker", "kind", "inside"),
    [
        (blockers.sleep, "wait", "sleep"),
        (blockers.sleep_where_often_was_none, "wait", "sleep"),
        (blockers.read_socket, "wait", "recv_into"),
        (blockers.lock, "lock", "with"),
    ],
)
def test_who_waits(loop: str, blocker: Blocker, kind: str, inside: str) -> None:
    """Samples stand at the line, but for one of the way to it, and what it called is named though it has no frame."""
    stall = held(loop, blocker)
    line = stall.lines[0]
    assert (stall.kind, str(line), stall.callbacks) == (kind, line_of(blocker), 1)
    assert line.count >= stall.samples - 1
    assert stall.samples >= 2
    assert inside in line.inside
    assert stall.cpu is not None
    assert stall.cpu < stall.seconds / 4


@pytest.mark.usefixtures("processes")
def test_a_program_that_is_waited_for(loop: str) -> None:
    """It ends in a selector, as an idle loop does, and is not idle."""
    stall = held(loop, blockers.run_program)
    assert (stall.kind, str(stall.lines[0])) == ("wait", line_of(blockers.run_program))
    assert "select" in stall.lines[0].inside


def test_who_computes(loop: str) -> None:
    stall = held(loop, blockers.compute)
    assert stall.kind == "compute"
    assert line_of(blockers.compute) in {str(line) for line in stall.lines}
    seen = sum(line.count for line in stall.lines)
    assert 2 <= seen <= stall.samples <= seen + 1  # one may be of the moment in which the call began or was over
    assert stall.cpu is not None
    assert stall.cpu >= blockers.HELD * 0.9


def test_the_thread_that_is_waited_for(loop: str) -> None:
    others = held(loop, blockers.lock).others
    assert [other for other in others if other.startswith(line_of(blockers.lock, "# the other"))]


def test_many_short_callbacks(loop: str) -> None:
    stall = held(loop, blockers.many_short)
    assert stall.kind == "busy"
    assert stall.callbacks > 2


def test_a_native_call_that_holds_the_gil(loop: str) -> None:
    """Nobody could look meanwhile: no line is named, and that it was not the process that lacked CPU is known."""
    stall = held(loop, blockers.hold_the_gil)
    assert (stall.kind, stall.lines) == ("native", ())
    assert stall.late >= stall.seconds / 2


def test_another_thread_that_holds_the_gil(loop: str) -> None:
    stall = held(loop, blockers.another_holds_the_gil)
    assert (stall.kind, stall.lines) == ("gil", ())
    assert stall.cpu is not None
    assert stall.cpu < stall.process_cpu / 2


def test_garbage_collection(loop: str) -> None:
    stall = held(loop, blockers.collect)
    assert (stall.kind, stall.lines) == ("gc", ())
    assert stall.gc >= stall.seconds / 2


def test_a_loop_that_is_not_held(loop: str) -> None:
    """What waits as it should makes no stall for which anybody is blamed; nor does the time before and after it runs."""

    async def wait() -> None:
        await asyncio.gather(*(asyncio.sleep(number / 100) for number in range(30)))

    assert [stall for stall in watched(loop, wait, threshold=0.2) if stall.lines] == []
