"""The one writer of a process: it takes the changes that wait, the oldest first, and has them written together."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
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
    future: asyncio.Future[Any]
    began: float = field(default_factory=monotonic)


class Writer:
    """The changes that wait, up to a number of them."""

    def __init__(self, write: Callable[[list[Call]], Awaitable[list[Outcome]]], most: int) -> None:
        self._write, self._most = write, most
        self._waiting: deque[Change] = deque()
        self._working: asyncio.Task[None] | None = None

    async def written(self, call: Call) -> Any:
        """The result of a unit when it is committed; who waits no longer before it began has changed nothing. Raises Busy."""
        if len(self._waiting) >= self._most:
            raise errors.Busy()
        change = Change(call, asyncio.get_running_loop().create_future())
        self._waiting.append(change)
        if self._working is None:
            self._working = asyncio.create_task(self._work())
        return await change.future

    async def close(self) -> None:
        """Return when all that wait have their results."""
        if self._working is not None:
            await self._working

    async def _work(self) -> None:
        """Write one group after another until nobody waits."""
        while group := self._group():
            await self._write_group(group)
        self._working = None

    def _group(self) -> list[Change]:
        """The oldest changes; those who have waited too long are refused."""
        group: list[Change] = []
        while self._waiting and len(group) < groups.MOST:
            change = self._waiting.popleft()
            if change.future.done():  # its client has gone
                continue
            if monotonic() - change.began > WAIT:
                change.future.set_exception(errors.Busy())
            else:
                group.append(change)
        return group

    async def _write_group(self, group: list[Change]) -> None:
        """Write them, and tell each what became of it."""
        try:
            outcomes = await self._write([change.call for change in group])
        except Exception as error:  # nothing is known of any of them
            outcomes = [Outcome(error=error) for _ in group]
        for change, outcome in zip(group, outcomes, strict=True):
            if change.future.done():
                continue
            if outcome.error is not None:
                change.future.set_exception(outcome.error)
            else:
                change.future.set_result(outcome.result)
