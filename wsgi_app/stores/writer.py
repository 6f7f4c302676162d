"""The one writer of a process: it takes the changes that wait, the oldest first, and has them written together."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from time import monotonic
from typing import Any, NamedTuple

from userdb import errors, groups
from userdb.groups import Call, Outcome
from userdb.pools import State

WAIT = 5.0
"""Seconds that anybody waits for a connection."""


class Waiting(NamedTuple):
    """A unit of work that waits, where its result is waited for, and since when."""

    call: Call
    future: Future[Any]
    began: float


class Writer:
    """The changes that wait, up to a number of them."""

    def __init__(self, write: Callable[[list[Call]], list[Outcome]], most: int) -> None:
        self._write, self._most = write, most
        self._waiting: deque[Waiting] = deque()
        self._lock, self._is_working = threading.Lock(), False
        self._thread = ThreadPoolExecutor(1)

    def written(self, call: Call) -> Any:
        """The result of a unit when it is committed; who waits no longer before it began has changed nothing. Raises Busy."""
        change = Waiting(call, Future(), monotonic())
        with self._lock:
            if len(self._waiting) >= self._most:
                raise errors.Busy()
            self._waiting.append(change)
            if not self._is_working:
                self._is_working = True
                self._thread.submit(self._work)
        return change.future.result()

    def waiting(self) -> int:
        """How many wait for their turn."""
        return len(self._waiting)

    def pool(self) -> State:
        """How the one connection is now."""
        working = int(self._is_working)
        return State(working, 1 - working, self.waiting(), 1)

    def close(self) -> None:
        """Return when all that wait have their results."""
        self._thread.shutdown()

    def _work(self) -> None:
        """Write one group after another until nobody waits."""
        while group := self._group():
            try:
                outcomes = self._write([each.call for each in group])
            except Exception as error:  # nothing is known of any of them
                outcomes = [Outcome(error=error) for _ in group]
            tell(group, outcomes)

    def _group(self) -> list[Waiting]:
        """Those who wait; where nobody does, whoever comes next begins anew."""
        with self._lock:
            group = oldest(self._waiting, groups.MOST)
            self._is_working = bool(group)
        return group


def oldest(waiting: deque[Waiting], most: int) -> list[Waiting]:
    """Up to so many who wait; those who have waited too long are refused."""
    group: list[Waiting] = []
    since = monotonic() - WAIT
    while waiting and len(group) < most:
        each = waiting.popleft()
        if each.began < since:
            each.future.set_exception(errors.Busy())
        else:
            group.append(each)
    return group


def tell(group: Sequence[Waiting], outcomes: Sequence[Outcome]) -> None:
    """Tell each what became of it."""
    for each, outcome in zip(group, outcomes, strict=True):
        if outcome.error is not None:
            each.future.set_exception(outcome.error)
        else:
            each.future.set_result(outcome.result)
