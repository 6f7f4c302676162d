"""The connections for reading, and who waits for one."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Any, Generic, TypeVar

from userdb.groups import Call, Outcome
from userdb.pools import State

from .writer import Waiting, oldest, tell

Connection = TypeVar("Connection")

MOST = 16
"""Units that one connection reads in a row, for one wait of the event loop. None of them reads more than a page."""


class Readers(Generic[Connection]):
    """Whoever has waited longest gets a free connection: alone in a thread, with all that came in one turn of an event loop."""

    def __init__(self, read: Callable[[Connection, list[Call]], Awaitable[list[Outcome]]]) -> None:
        self._read = read
        self._idle: list[Connection] = []
        self._count = 0
        self._waiting: deque[Waiting] = deque()
        self._working: set[asyncio.Task[None]] = set()  # an event loop keeps no task by itself
        self._starting = 0  # connections that will take what waits in this turn

    def add(self, connection: Connection) -> None:
        """One more connection, which is free."""
        self._count += 1
        self._idle.append(connection)

    def waiting(self) -> int:
        """How many wait while no connection is free."""
        return 0 if self._idle else len(self._waiting)

    def pool(self) -> State:
        """How the connections are now."""
        idle = len(self._idle)
        return State(self._count - idle, idle, self.waiting(), self._count)

    async def result(self, call: Call) -> Any:
        """The result of a unit. Raises Busy where no connection came free in time."""
        waiting = Waiting(call, asyncio.get_running_loop().create_future(), monotonic())
        self._waiting.append(waiting)
        if self._idle and len(self._waiting) > MOST * self._starting:
            self._starting += 1
            task = asyncio.create_task(self._work(self._idle.pop()))
            self._working.add(task)
            task.add_done_callback(self._working.discard)
        return await waiting.future

    async def _work(self, connection: Connection) -> None:
        """Read one group after another until nobody waits."""
        self._starting -= 1
        while group := oldest(self._waiting, MOST):
            try:
                outcomes = await self._read(connection, [each.call for each in group])
            except Exception as error:  # the connection is closed
                outcomes = [Outcome(error=error) for _ in group]
            tell(group, outcomes)
        self._idle.append(connection)
