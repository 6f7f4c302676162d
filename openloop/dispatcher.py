"""Sends the arrivals of one process when they are due, whether or not earlier ones have been answered."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator

import gevent
from gevent.event import Event

from openloop.arrival import Arrival, now
from openloop.client import Client
from openloop.factory import RequestFactory
from openloop.request import Request
from openloop.schedule import Schedule
from openloop.timer import Alarm

QUIET_SECONDS = 1.0
"""A wait for answers that takes longer is said."""

_log = logging.getLogger(__name__)


class Dispatcher:
    """One run of one process. `limit` bounds the requests in flight, None where users wait for their answers.

    Everything happens in the event loop: the alarm goes off, what is due is given a greenlet each, the alarm is set to
    the next one. `watch` is told the rate and the requests in flight whenever they change.
    """

    def __init__(
        self,
        schedule: Schedule,
        numbers: Iterator[int],
        factory: RequestFactory,
        client: Client,
        limit: int | None,
        watch: Callable[[int, int], None],
    ) -> None:
        self._schedule, self._numbers, self._factory, self._client = schedule, numbers, factory, client
        self._limit, self._watch = limit, watch
        self._running: dict[gevent.Greenlet, tuple[Arrival, Request]] = {}
        self._alarm = Alarm(self._on_alarm)
        self._settled, self._ended = Event(), Event()
        self._drained_at = 0.0
        self.is_open = True
        """Whether more arrivals are taken."""

    def add_rate(self, more: int) -> None:
        """Change the rate by so many arrivals per second."""
        if self.is_open:
            self._schedule.change(self._schedule.rate + more, now())
            self._alarm.set(self._schedule.next())
            self._watch(self._schedule.rate, len(self._running))

    def request(self) -> None:
        """Send the next arrival at once and wait for its answer: a closed loop."""
        if self.is_open:
            self._dispatch(now()).join()

    def _on_alarm(self) -> None:
        try:
            for due in self._schedule.due(now()):
                self._dispatch(due)
        finally:
            if self.is_open:
                self._alarm.set(self._schedule.next())

    def _dispatch(self, due: float) -> gevent.Greenlet:
        arrival = Arrival(next(self._numbers), due, len(self._running))
        request = self._factory.request(arrival.number)
        if self._limit is not None and arrival.in_flight >= self._limit:
            return gevent.spawn(self._client.drop, arrival, request)
        greenlet = gevent.Greenlet(self._run, arrival, request)
        self._running[greenlet] = arrival, request
        self._watch(self._schedule.rate, len(self._running))
        greenlet.start()
        return greenlet

    def _run(self, arrival: Arrival, request: Request) -> None:
        try:
            self._client.send(arrival, request)
        finally:
            self._finish(gevent.getcurrent())

    def _finish(self, greenlet: gevent.Greenlet) -> None:
        self._running.pop(greenlet, None)
        self._watch(self._schedule.rate, len(self._running))
        if not self._running and not self.is_open:
            self._settled.set()

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
        gevent.sleep(0)  # lets all greenlets begin, those of dropped arrivals too
        try:
            if self._running and not self._settled.wait(min(QUIET_SECONDS, seconds)) and seconds > QUIET_SECONDS:
                _log.info(f"Waiting up to {seconds:g} s for {len(self._running)} answers. Ctrl-C ends the wait.")
                self._settled.wait(seconds - QUIET_SECONDS)
        except KeyboardInterrupt:
            pass
        self._give_up()
        self._client.close()
        self._ended.set()

    def _give_up(self) -> None:
        gevent.killall(list(self._running))
        for greenlet, (arrival, request) in list(self._running.items()):  # those that had not even begun
            self._client.give_up(arrival, request)
            self._finish(greenlet)
