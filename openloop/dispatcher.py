"""Sends the arrivals of one process when they are due, whether or not earlier ones have been answered."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import gevent
from gevent.event import Event
from gevent.hub import Waiter

from openloop.arrival import Arrival, now
from openloop.client import Client
from openloop.factory import RequestFactory
from openloop.request import Request
from openloop.schedule import Schedule
from openloop.second import SecondSchedule
from openloop.timer import Alarm
from openloop.turns import Bell, InTurns, Turns

QUIET_SECONDS = 1.0
"""A wait for answers that takes longer is said."""

_log = logging.getLogger(__name__)


class Dispatcher:
    """One run of one process. `limit` bounds the requests in flight, None where users wait for their answers.

    Everything happens in the event loop: the alarm goes off, what is due is sent, the alarm is set to the next one. `watch`
    is told the rate and the requests in flight whenever they change. `second` is a second population. With `turns` it sends in
    these alone.
    """

    def __init__(
        self,
        schedule: Schedule | InTurns,
        numbers: Iterator[int],
        factory: RequestFactory,
        client: Client,
        limit: int | None,
        watch: Callable[[int, int], None],
        second: SecondSchedule | None = None,
        turns: Turns | None = None,
    ) -> None:
        self._schedule, self._numbers, self._factory, self._client = schedule, numbers, factory, client
        self._limit, self._watch, self._second = limit, watch, second
        self._alarm = Alarm(self._on_alarm)
        self._turns = turns
        self._bell = None if turns is None else Bell(turns.begin, self._on_turn_over)
        self._settled, self._ended = Event(), Event()
        self._drained_at = 0.0
        self.is_open = True
        """Whether more arrivals are taken."""

    def add_rate(self, more: int) -> None:
        """Change the rate by so many arrivals per second."""
        if self.is_open:
            self._schedule.change(self._schedule.rate + more, now())
            self._set_alarm()
            self._watch(self._schedule.rate, self._client.in_flight)

    def request(self) -> None:
        """Send the next arrival at once, or as soon as it may, and wait for its answer: a closed loop."""
        if self._turns is not None:
            self._turns.wait()
        if self.is_open:
            answer: Any = Waiter()
            # Not at once: whoever waits goes on in the event loop's own turn, wherever the answer was accounted for.
            self._dispatch_next(now(), partial(answer.hub.loop.run_callback, answer.switch, None))
            answer.get()

    def take_turn(self, begin: float, end: float) -> None:
        """Send between these two times of the arrivals' clock, which come after all others."""
        if self.is_open and self._turns is not None and self._bell is not None:
            self._turns.add(begin, end)
            self._bell.set(begin, end)
            self._set_alarm()

    def _on_turn_over(self) -> None:
        self._on_alarm()  # what was due until now, and is a little late
        self._tell_quiet()

    def _tell_quiet(self) -> None:
        if self._turns is not None and not self._client.in_flight:
            self._turns.quiet()

    def _on_alarm(self) -> None:
        try:
            for due in self._schedule.due(now()):
                self._dispatch_next(due, _nothing)
            for due, number, request in self._second.due(now()) if self._second else ():
                self._dispatch(due, number, request, _nothing)
        finally:
            if self.is_open:
                self._set_alarm()

    def _set_alarm(self) -> None:
        second = self._second.next() if self._second else math.inf
        self._alarm.set(min(self._schedule.next(), second))

    def _dispatch_next(self, due: float, over: Callable[[], None]) -> None:
        number = next(self._numbers)
        self._dispatch(due, number, self._factory.request(number), over)

    def _dispatch(self, due: float, number: int, request: Request, over: Callable[[], None]) -> None:
        arrival = Arrival(number, due, self._client.in_flight)
        if self._limit is not None and arrival.in_flight >= self._limit:
            self._client.drop(arrival, request)
            return
        self._client.send(arrival, request, partial(self._finish, over))
        self._watch(self._schedule.rate, self._client.in_flight)

    def _finish(self, over: Callable[[], None]) -> None:
        self._watch(self._schedule.rate, self._client.in_flight)
        self._tell_quiet()
        if not self.is_open and not self._client.in_flight:
            self._settled.set()
        over()

    def end_drain(self) -> None:
        """Let a drain under way wait no longer, unless it has only just begun.

        One Ctrl-C reaches master and workers, and the master's order to stop can be faster than it.
        """
        if not self.is_open and now() - self._drained_at > QUIET_SECONDS:
            self._settled.set()

    def drain(self, seconds: float) -> None:
        """End the run: nothing is sent any more, and what is not answered within these seconds is given up.

        Whoever calls it a second time waits with the first. Ctrl-C ends the wait.
        """
        if not self.is_open:
            try:
                self._ended.wait()
            except KeyboardInterrupt:
                self._settled.set()
                self._ended.wait()
            return
        self.add_rate(-self._schedule.rate)
        self._on_alarm()  # what was due until now, and is a little late
        self.is_open, self._drained_at = False, now()
        self._alarm.close()
        if self._turns is not None and self._bell is not None:
            self._turns.end()
            self._bell.close()
        try:
            if (
                self._client.in_flight
                and not self._settled.wait(min(QUIET_SECONDS, seconds))
                and seconds > QUIET_SECONDS
            ):
                _log.info(f"Waiting up to {seconds:g} s for {self._client.in_flight} answers. Ctrl-C ends the wait.")
                self._settled.wait(seconds - QUIET_SECONDS)
        except KeyboardInterrupt:
            pass
        self._client.close()
        gevent.sleep(0)  # lets listeners be told of the last ones
        self._ended.set()


def _nothing() -> None:
    """Nobody waits."""
