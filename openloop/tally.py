"""What Locust's own statistics are told of requests: of those that went well all at once, now and then."""

from __future__ import annotations

from typing import Any

import gevent
from locust.env import Environment
from locust.exception import CatchResponseError
from locust.stats import RequestStats

from openloop.answer import Received
from openloop.arrival import DROPPED, Arrival
from openloop.request import Request

EVERY_SECONDS = 0.25
"""How long Locust's statistics may be behind."""


class Tally:
    """One run of one process. Where somebody beside Locust listens to its request event, it is fired for each request."""

    def __init__(self, environment: Environment, epoch: float) -> None:
        self._environment, self._epoch = environment, epoch
        self._listeners = environment.events.request._handlers
        self._stats: Any = RequestStats(use_response_times_cache=False)
        self._timer: Any = gevent.get_hub().loop.timer(EVERY_SECONDS, EVERY_SECONDS)
        self._timer.start(self._hand_over)

    def tell(self, arrival: Arrival, request: Request, received: Received | None) -> None:
        """Tell of one request."""
        if arrival.reason or len(self._listeners) > 1:
            gevent.spawn(self._fire, arrival, request, received)  # a listener may wait
        else:
            entry = self._stats.entries[request.route, request.method]
            entry.log(arrival.response_ms, len(received.content) if received else 0)

    def close(self) -> None:
        """Tell the rest."""
        self._timer.stop()
        self._hand_over()

    def _hand_over(self) -> None:
        known = self._environment.stats
        for (route, method), entry in self._stats.entries.items():
            known.total.extend(entry)
            known.get(route, method).extend(entry)
        self._stats.clear_all()

    def _fire(self, arrival: Arrival, request: Request, received: Received | None) -> None:
        self._environment.events.request.fire(
            request_type=request.method,
            name=request.route,
            response_time=None if arrival.outcome == DROPPED else arrival.response_ms,
            response_length=len(received.content) if received else 0,
            response=received,
            context={},
            exception=CatchResponseError(arrival.reason) if arrival.reason else None,
            start_time=self._epoch + arrival.sent,
            url=f"{self._environment.host}{request.path}",
        )
