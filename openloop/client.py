"""The client of one process: sends requests, has the answers checked, and sees that every arrival is accounted for once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gevent import Timeout
from locust.contrib.fasthttp import FastHttpSession
from locust.exception import CatchResponseError

from openloop.answer import WrongAnswerError
from openloop.arrival import DROPPED, FAILED, OK, UNFINISHED, Arrival, now
from openloop.request import Request

UNLIMITED = 1_000_000
"""Connections where nothing bounds them but the number of users."""

DROPPED_BECAUSE = "dropped: as many requests as --in-flight allows had no answer yet"
UNFINISHED_BECAUSE = "unfinished: no answer when the run ended"


class Client:
    """What sends the requests of one run, and tells `record` and Locust what became of each arrival.

    `limit` bounds its connections; without one the loop is closed: a request is due when it is sent. `fire` fires Locust's
    request event; `stumbled` is told of checks that fail by themselves; `epoch` turns times of the arrivals' clock into
    seconds since the epoch.
    """

    def __init__(
        self,
        host: str,
        *,
        timeout: float,
        limit: int | None,
        epoch: float,
        fire: Callable[..., None],
        record: Callable[[Arrival, Request], None],
        stumbled: Callable[[Request, Exception], None],
    ) -> None:
        self._http = FastHttpSession(
            host,
            None,
            None,
            network_timeout=None,
            connection_timeout=None,
            max_retries=0,
            concurrency=limit or UNLIMITED,
        )
        self._host, self._timeout, self._is_closed = host, timeout, limit is None
        self._epoch, self._fire, self._record, self._stumbled = epoch, fire, record, stumbled
        agent: Any = self._http.client
        # A redirect is an answer like any other: none of the scenarios expects one.
        agent.redirect_response_codes = frozenset()
        # A request whose connection closes unanswered is sent once more, as the server may just have given up an idle
        # connection. Left alone the library would go on as often as the pool has places.
        agent.clientpool.get_client(host)._connection_pool.size = 0

    def send(self, arrival: Arrival, request: Request) -> None:
        """Send it, wait for the answer and account for it, also where this greenlet is killed meanwhile."""
        arrival.sent = now()
        if self._is_closed:
            arrival.due = arrival.sent
        try:
            with Timeout(self._timeout):
                answer: Any = self._http.request(
                    request.method, request.path, request.route, json=request.body, headers=request.all_headers,
                    catch_response=True,
                )  # fmt: skip
        except (Exception, Timeout) as error:
            self._account(arrival, request, FAILED, self._missing(arrival, error))
        except BaseException:  # the run is over
            self._account(arrival, request, UNFINISHED, UNFINISHED_BECAUSE)
            raise
        else:
            arrival.end = now()
            self._take(arrival, request, answer)

    def _take(self, arrival: Arrival, request: Request, answer: Any) -> None:
        error = answer.request_meta["exception"]
        checked = None
        if error is not None and (not answer.status_code or answer.status_code < 400):
            reason = self._missing(arrival, error)
        else:
            checked, reason = self._judge(answer, request)
        self._account(arrival, request, FAILED if reason else OK, reason, answer)
        if request.done is not None:
            request.done(checked)

    def _missing(self, arrival: Arrival, error: BaseException) -> str:
        if now() - arrival.sent >= self._timeout:
            return f"no answer within {self._timeout:g} s"
        return f"no whole answer: {error!r}"[:200]

    def give_up(self, arrival: Arrival, request: Request) -> None:
        """Account for one that was to be sent when the run ended."""
        arrival.sent = now()
        self._account(arrival, request, UNFINISHED, UNFINISHED_BECAUSE)

    def drop(self, arrival: Arrival, request: Request) -> None:
        """Account for one that is not sent."""
        arrival.sent = arrival.end = arrival.due
        self._account(arrival, request, DROPPED, DROPPED_BECAUSE)

    def _account(self, arrival: Arrival, request: Request, outcome: int, reason: str, answer: Any = None) -> None:
        arrival.end = arrival.end or now()
        arrival.outcome, arrival.reason = outcome, reason
        arrival.status = (answer.status_code if answer is not None else 0) or 0
        self._record(arrival, request)
        self._fire(
            request_type=request.method,
            name=request.route,
            response_time=None if outcome == DROPPED else arrival.response_ms,
            response_length=answer.request_meta["response_length"] if answer is not None else 0,
            response=answer,
            context={},
            exception=CatchResponseError(reason) if reason else None,
            start_time=self._epoch + arrival.sent,
            url=f"{self._host}{request.path}",
        )

    def close(self) -> None:
        """Close the connections."""
        agent: Any = self._http.client
        agent.close()

    def _judge(self, answer: Any, request: Request) -> tuple[Any, str]:
        """What the check makes of the answer, and why it is wrong, empty where it is right."""
        try:
            return request.check(answer), ""
        except WrongAnswerError as wrong:
            return None, str(wrong)
        except Exception as other:
            self._stumbled(request, other)
            return None, f"the check failed by itself: {other!r}"[:200]
