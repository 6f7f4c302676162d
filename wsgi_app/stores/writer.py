"""The one writer of a process: it takes the changes that wait, the oldest first, and has them written together."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from userdb import errors, groups
from userdb.groups import Call, Outcome

WAIT = 5.0
"""Seconds that anybody waits for a connection."""


@dataclass(frozen=True)
class Change:
    """A unit of work that waits, and where its result is waited for."""

    call: Call
    future: Future[Any]
    began: float = field(default_factory=monotonic)


class Writer:
    """The changes that wait, up to a number of them."""

    def __init__(self, write: Callable[[list[Call]], list[Outcome]], most: int) -> None:
        self._write, self._most = write, most
        self._waiting: deque[Change] = deque()
        self._lock, self._is_working = threading.Lock(), False
        self._thread = ThreadPoolExecutor(1)

    def written(self, call: Call) -> Any:
        """The result of a unit when it is committed; who waits no longer before it began has changed nothing. Raises Busy."""
        change = Change(call, Future())
        with self._lock:
            if len(self._waiting) >= self._most:
                raise errors.Busy()
            self._waiting.append(change)
            if not self._is_working:
                self._is_working = True
                self._thread.submit(self._work)
        return change.future.result()

    def close(self) -> None:
        """Return when all that wait have their results."""
        self._thread.shutdown()

    def _work(self) -> None:
        """Write one group after another until nobody waits."""
        while group := self._group():
            self._write_group(group)

    def _group(self) -> list[Change]:
        """The oldest changes; those who have waited too long are refused."""
        group: list[Change] = []
        with self._lock:
            while self._waiting and len(group) < groups.MOST:
                change = self._waiting.popleft()
                if monotonic() - change.began > WAIT:
                    change.future.set_exception(errors.Busy())
                else:
                    group.append(change)
            self._is_working = bool(group)
        return group

    def _write_group(self, group: list[Change]) -> None:
        """Write them, and tell each what became of it."""
        try:
            outcomes = self._write([change.call for change in group])
        except Exception as error:  # nothing is known of any of them
            outcomes = [Outcome(error=error) for _ in group]
        for change, outcome in zip(group, outcomes, strict=True):
            if outcome.error is not None:
                change.future.set_exception(outcome.error)
            else:
                change.future.set_result(outcome.result)
