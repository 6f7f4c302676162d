"""Turns: the stretches of time in which alone a run asks, for servers that are compared in turn.

They are told one by one on standard input; between them the run waits for its answers. Due times run in active time, that of
the turns put end to end: arrival k is due at the same active time however the turns lie, so that all servers are asked the same.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import gevent.os
from gevent.event import Event

from openloop.arrival import now
from openloop.schedule import Schedule
from openloop.timer import Alarm

GRAIN = 1e-6
"""Seconds: what is due at a turn's very end is due so much before it, as samples keep no finer times."""


class Turns:
    """The turns of one process; `answered` is told when a turn is over and nothing is in flight any more."""

    def __init__(self, answered: Callable[[float], None]) -> None:
        self._answered = answered
        self._before = 0.0  # active seconds before the last turn that is known
        self._begin = self._end = 0.0
        self._began = Event()
        self._is_told = True
        self.is_over = False

    def add(self, begin: float, end: float) -> None:
        """There is another turn, by the arrivals' clock; the one before it is over."""
        self._before += self._end - self._begin
        self._begin, self._end = begin, end
        self._began.clear()
        self._is_told = False

    def active(self, moment: float) -> float:
        """How many seconds of turns lie before this moment."""
        return self._before + min(max(moment - self._begin, 0.0), self._end - self._begin)

    def moment(self, active: float) -> float:
        """When so many seconds of turns will have passed; never (infinity) in the turns known so far."""
        return at if (at := self._begin + active - self._before) < self._end else math.inf

    def due(self, active: float) -> float:
        """When that was, of what is due."""
        return min(self._begin + active - self._before, self._end - GRAIN)

    def begin(self) -> None:
        """The last turn begins now."""
        self._began.set()

    def wait(self) -> None:
        """Wait until it is a turn, or there will be none."""
        while not self.is_over and not self._begin <= now() < self._end:
            if now() >= self._end:
                self._began.clear()
            self._began.wait()

    def quiet(self) -> None:
        """Nothing is in flight: if the turn is over, tell it, once."""
        if not self._is_told and now() >= self._end:
            self._is_told = True
            self._answered(now())

    def end(self) -> None:
        """There are no more."""
        self.is_over = True
        self._began.set()


class InTurns:
    """A schedule whose time passes in turns alone; otherwise like any other."""

    def __init__(self, schedule: Schedule, turns: Turns) -> None:
        self._schedule, self._turns = schedule, turns

    @property
    def rate(self) -> int:
        """Arrivals per second of a turn."""
        return self._schedule.rate

    def change(self, rate: int, now: float) -> None:
        """From now on this is the rate."""
        self._schedule.change(rate, self._turns.active(now))

    def next(self) -> float:
        """When the next arrival is due; never (infinity) in the turns known so far."""
        return self._turns.moment(self._schedule.next())

    def due(self, now: float) -> list[float]:
        """Take all arrivals that are due by now, in order."""
        return [self._turns.due(active) for active in self._schedule.due(self._turns.active(now))]


class Bell:
    """Rings at both ends of each turn."""

    def __init__(self, begin: Callable[[], None], end: Callable[[], None]) -> None:
        self._begin, self._end = (
            Alarm(lambda: self._ring(self._begin, begin)),
            Alarm(lambda: self._ring(self._end, end)),
        )

    def set(self, begin: float, end: float) -> None:
        """Ring at these times, by the arrivals' clock."""
        self._begin.set(begin)
        self._end.set(end)

    def _ring(self, alarm: Alarm, call: Callable[[], None]) -> None:
        alarm.set(math.inf)  # it would go off again and again
        call()

    def close(self) -> None:
        """The end of it."""
        self._begin.close()
        self._end.close()


def told(descriptor: int) -> Iterator[tuple[float, float]]:
    """Yield beginning and end of each turn, in seconds since the epoch, as lines tell them, until there are no more.

    Raises ValueError for a line of another form.
    """
    gevent.os.make_nonblocking(descriptor)
    rest = b""
    while more := gevent.os.nb_read(descriptor, 4096):
        *lines, rest = (rest + more).split(b"\n")
        for line in lines:
            begin, end = map(float, line.split())
            if not 0 <= begin < end < math.inf:
                raise ValueError(f"no turn from {begin} to {end}")
            yield begin, end
