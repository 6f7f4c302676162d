"""The client of one process: sends requests, has the answers checked, and sees that every arrival is accounted for once.

It lives in the event loop: nothing in it waits but the greenlets that open connections.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gevent
from gevent.pool import Group

from openloop.answer import Received, WrongAnswerError
from openloop.arrival import DROPPED, FAILED, OK, UNFINISHED, Arrival, now
from openloop.connection import Connection
from openloop.crowd import Crowd, Manner
from openloop.message import Messages
from openloop.request import Request
from openloop.sockets import Sockets

DROPPED_BECAUSE = "dropped: as many requests as --in-flight allows had no answer yet"
UNFINISHED_BECAUSE = "unfinished: no answer when the run ended"

_REPEATABLE = ("GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE")
"""Methods whose request may be sent again where it is unknown whether the server has seen it (RFC 9110, section 9.2.2)."""


class Client:
    """What sends the requests of one run, and tells `record` and `tell` what became of each arrival.

    Where the loop is closed a request is due when it is sent. `tell` tells Locust; `stumbled` is told of checks that fail by
    themselves. There are as many connections as there were requests in flight at once.
    """

    def __init__(
        self,
        host: str,
        *,
        timeout: float,
        is_closed: bool,
        record: Callable[[Arrival, Request], None],
        tell: Callable[[Arrival, Request, Received | None], None],
        stumbled: Callable[[Request, Exception], None],
    ) -> None:
        self._sockets = Sockets(host, timeout)
        self._messages = Messages(host)
        self._timeout, self._is_closed = timeout, is_closed
        self._record, self._tell, self._stumbled = record, tell, stumbled
        self._flights: dict[Flight, None] = {}  # in the order in which they were sent
        self._idle: list[Connection] = []
        self._opening = Group()
        self._crowd = Crowd(self._sockets.connected)
        self._timer: Any = None

    @property
    def in_flight(self) -> int:
        """How many requests have no answer yet."""
        return len(self._flights)

    def send(self, arrival: Arrival, request: Request, over: Callable[[], None]) -> None:
        """Send it, account for it when its answer is there, and then call `over`, if it is one of those in flight."""
        if request.manner is not None:
            self._admit(arrival, request, request.manner)
            return
        flight = Flight(self, arrival, request, over)
        self._flights[flight] = None
        try:
            flight.message = self._messages.message(request.method, request.path, request.all_headers, request.body)
        except (ValueError, TypeError) as error:
            arrival.sent = now()
            self.fail(flight, error)
            return
        arrival.sent = now()
        if self._is_closed:
            arrival.due = arrival.sent
        if self._timer is None:
            self._set_timer(self._timeout)
        self.transmit(flight)

    def _admit(self, arrival: Arrival, request: Request, manner: Manner) -> None:
        """Let a client come that is the trouble itself."""

        def over(outcome: int, reason: str) -> None:
            arrival.outcome, arrival.reason = outcome, reason
            self._record(arrival, request)
            self._tell(arrival, request, None)

        headers = {**(request.all_headers or {}), "Connection": "close"}
        message = self._messages.message(request.method, request.path, headers, request.body)
        self._crowd.admit(arrival, message, manner, over)

    def drop(self, arrival: Arrival, request: Request) -> None:
        """Account for one that is not sent."""
        arrival.sent = arrival.end = arrival.due
        arrival.outcome, arrival.reason = DROPPED, DROPPED_BECAUSE
        self._record(arrival, request)
        self._tell(arrival, request, None)

    def close(self) -> None:
        """Give up what has no answer yet, and close the connections."""
        for flight in list(self._flights):
            self._leave(flight)
            self.account(flight, UNFINISHED, UNFINISHED_BECAUSE)
        if self._timer is not None:
            self._timer.close()
        self._opening.kill()
        self._crowd.close()
        while self._idle:
            self._idle.pop().close()

    def transmit(self, flight: Flight) -> None:
        """Send it on a connection that has nothing to do, which the server may have closed meanwhile, or on a new one."""
        idle = self._idle
        while idle and not flight.is_repeated:
            connection = idle.pop()
            if connection.is_reusable:
                flight.connection = connection
                connection.send(flight.message, flight)
                return
        self._opening.spawn(self._open, flight)

    def _open(self, flight: Flight) -> None:
        try:
            connection = Connection(self._sockets.plain())
        except OSError as error:
            if flight in self._flights:
                self.fail(flight, error)
            return
        if flight in self._flights:
            flight.connection = connection
            connection.send(flight.message, flight)
        else:
            connection.close()

    def keep(self, connection: Connection) -> None:
        """Keep it for the next request, where it takes one."""
        if connection.is_reusable:
            self._idle.append(connection)
        else:
            connection.close()

    def take(self, flight: Flight, received: Received) -> None:
        """Account for an answer, as the check judges it."""
        request = flight.request
        checked, reason = self._judge(received, request)
        try:
            if request.done is not None:
                request.done(checked)
        finally:
            self.account(flight, FAILED if reason else OK, reason, received)

    def fail(self, flight: Flight, error: Exception) -> None:
        """Account for one that gets no whole answer."""
        is_late = now() - flight.arrival.sent >= self._timeout
        self.account(flight, FAILED, self._late if is_late else f"no whole answer: {error!r}"[:200])

    def account(self, flight: Flight, outcome: int, reason: str, received: Received | None = None) -> None:
        """Tell what became of it; that is its end."""
        del self._flights[flight]
        arrival = flight.arrival
        arrival.end = arrival.end or now()
        arrival.outcome, arrival.reason = outcome, reason
        arrival.status = received.status_code if received is not None else 0
        self._record(arrival, flight.request)
        self._tell(arrival, flight.request, received)
        flight.over()

    def _judge(self, answer: Received, request: Request) -> tuple[Any, str]:
        """What the check makes of the answer, and why it is wrong, empty where it is right."""
        try:
            return request.check(answer), ""
        except WrongAnswerError as wrong:
            return None, str(wrong)
        except Exception as other:
            self._stumbled(request, other)
            return None, f"the check failed by itself: {other!r}"[:200]

    @property
    def _late(self) -> str:
        return f"no answer within {self._timeout:g} s"

    def _set_timer(self, seconds: float) -> None:
        """One timer is enough: all wait equally long, so the first that was sent is the first whose time is over."""
        self._timer = gevent.get_hub().loop.timer(max(seconds, 0.0))
        self._timer.start(self._on_timer, update=True)

    def _on_timer(self) -> None:
        self._timer.close()
        self._timer = None
        for flight in list(self._flights):
            left = flight.arrival.sent + self._timeout - now()
            if left > 0:
                self._set_timer(left)
                return
            self._leave(flight)
            self.account(flight, FAILED, self._late)

    def _leave(self, flight: Flight) -> None:
        if flight.connection is not None:
            flight.connection.close()


class Flight:
    """One request on its way."""

    __slots__ = ("arrival", "client", "connection", "is_repeated", "message", "over", "request")

    def __init__(self, client: Client, arrival: Arrival, request: Request, over: Callable[[], None]) -> None:
        self.client, self.arrival, self.request, self.over = client, arrival, request, over
        self.message, self.is_repeated = b"", False
        self.connection: Connection | None = None

    def answered(self, received: Received, at: float) -> None:
        """The connection has the whole answer."""
        assert self.connection is not None
        self.arrival.end = at
        self.client.keep(self.connection)
        self.client.take(self, received)

    def broke(self, error: Exception) -> None:
        """The connection has broken: where the server may just have given it up, the request is sent once more."""
        assert self.connection is not None
        if self.connection.is_stale and self.request.method in _REPEATABLE:
            self.connection, self.is_repeated = None, True
            self.client.transmit(self)
        else:
            self.client.fail(self, error)
