"""One client of the target: sends a request, has the answer checked, and tells Locust what became of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from time import perf_counter, time
from typing import Any, Protocol, TypeVar

import _checks
from gevent import GreenletExit
from locust.contrib.fasthttp import FastHttpSession

Checked = TypeVar("Checked")


class Unfinished(Protocol):
    """Told of a request that was broken off: its route, its start (seconds since the epoch), its age (ms)."""

    def __call__(self, route: str, start: float, age_ms: float) -> None: ...


class Client:
    """What a scenario works with.

    `random` is the client's own and decides all that it sends, so what is sent depends on nothing else; `users` is how
    many seeded users there are; `number` is the client's own, from 0; `run` is different in every run.
    """

    def __init__(
        self, http: FastHttpSession, random: Random, number: int, users: int, run: str, unfinished: Unfinished
    ) -> None:
        self.random = random
        self.number = number
        self.users = users
        self.run = run
        self._http = http
        self._unfinished = unfinished

    def any_id(self) -> int:
        """The id of any seeded user, all alike."""
        return self.random.randrange(1, self.users + 1)

    def ask(
        self,
        method: str,
        path: str,
        route: str,
        check: Callable[[_checks.Answer], Checked],
        *,
        body: Mapping[str, object] | None = None,
        headers: dict[str, str] | None = None,
    ) -> Checked | None:
        """Send one request and return what the check makes of the answer; None where the answer is wrong or missing."""
        start, clock = time(), perf_counter()
        try:
            with self._http.request(
                method, path, name=route, json=body, headers=headers, catch_response=True
            ) as answer:
                return _judge(answer, check)
        except GreenletExit:  # the run is over, the answer is not there yet
            self._unfinished(f"{method} {route}", start, (perf_counter() - clock) * 1000)
            raise


def _judge(answer: Any, check: Callable[[_checks.Answer], Checked]) -> Checked | None:
    error = answer.request_meta["exception"]
    if error is not None and (not answer.status_code or answer.status_code < 400):
        answer.failure(f"no whole answer: {error!r}"[:200])
        return None
    try:
        checked = check(answer)
    except _checks.WrongAnswerError as wrong:
        answer.failure(str(wrong))
    except Exception as other:  # an answer so wrong that the check itself stumbles, such as a list for an object
        answer.failure(f"answer: expected it to be readable, got {other!r}"[:200])
    else:
        answer.success()
        return checked
    return None
