"""The one writer of a process: it takes the changes that wait, the oldest first, and has them written together."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
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
    future: asyncio.Future[Any]
    began: float


class Writer:
    """The changes that wait, up to a number of them."""

    def __init__(self, write: Callable[[list[Call]], Awaitable[list[Outcome]]], most: int) -> None:
        self._write, self._most = write, most
        self._waiting: deque[Waiting] = deque()
        self._working: asyncio.Task[None] | None = None

    async def written(self, call: Call) -> Any:
        """The result of a unit when it is committed; who waits no longer before it began has changed nothing. Raises Busy."""
        if len(self._waiting) >= self._most:
            raise errors.Busy()
        change = Waiting(call, asyncio.get_running_loop().create_future(), monotonic())
        self._waiting.append(change)
        if self._working is None:
            self._working = asyncio.create_task(self._work())
        return await change.future

    def waiting(self) -> int:
        """How many wait for their turn."""
        return len(self._waiting)

    def pool(self) -> State:
        """How the one connection is now."""
        working = int(self._working is not None)
        return State(working, 1 - working, self.waiting(), 1)

    async def close(self) -> None:
        """Return when all that wait have their results."""
        if self._working is not None:
            await self._working

    async def _work(self) -> None:
        """Write one group after another until nobody waits."""
        while group := oldest(self._waiting, groups.MOST):
            try:
                outcomes = await self._write([each.call for each in group])
            except Exception as error:  # nothing is known of any of them
                outcomes = [Outcome(error=error) for _ in group]
            tell(group, outcomes)
        self._working = None


def oldest(waiting: deque[Waiting], most: int) -> list[Waiting]:
    """Up to so many who wait; those who have waited too long are refused."""
    group: list[Waiting] = []
    since = monotonic() - WAIT
    while waiting and len(group) < most:
        each = waiting.popleft()
        if each.future.done():  # its client has gone
            continue
        if each.began < since:
            each.future.set_exception(errors.Busy())
        else:
            group.append(each)
    return group


def tell(group: Sequence[Waiting], outcomes: Sequence[Outcome]) -> None:
    """Tell each what became of it."""
    for each, outcome in zip(group, outcomes, strict=True):
        if each.future.done():
            continue
        if outcome.error is not None:
            each.future.set_exception(outcome.error)
        else:
            each.future.set_result(outcome.result)
