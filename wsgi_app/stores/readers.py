"""The connections for reading, and who waits for one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from userdb import errors
from userdb.groups import Call
from userdb.pools import State
from userdb.queues import Oldest

from .writer import WAIT

Connection = TypeVar("Connection")


class Readers(Generic[Connection]):
    """Whoever has waited longest gets a free connection: alone in a thread, with all that came in one turn of an event loop."""

    def __init__(self, read: Callable[[Connection, Call], Any]) -> None:
        self._read = read
        self._idle: Oldest[Connection] = Oldest()
        self._count = 0

    def add(self, connection: Connection) -> None:
        """One more connection, which is free."""
        self._count += 1
        self._idle.give(connection)

    def waiting(self) -> int:
        """How many wait while no connection is free."""
        return self._idle.waiting()

    def pool(self) -> State:
        """How the connections are now."""
        idle = self._idle.idle()
        return State(self._count - idle, idle, self.waiting(), self._count)

    def result(self, call: Call) -> Any:
        """The result of a unit. Raises Busy where no connection came free in time."""
        try:
            connection = self._idle.take(WAIT)
        except TimeoutError as error:
            raise errors.Busy() from error
        try:
            return self._read(connection, call)
        finally:
            self._idle.give(connection)
