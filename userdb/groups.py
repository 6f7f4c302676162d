"""Units of work that are written together: one transaction of SQLite for all that wait, so that they share its commit.

Each is undone by itself where it fails, by a savepoint. What became of them may be told only after `run` has returned.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol

from userdb import statements, units
from userdb.units import Unit

MOST = 64
"""Units of one group: more would hardly save anything, and all of them wait for the last."""


class Connection(Protocol):
    """What is used of a connection, which begins no transaction by itself."""

    def execute(self, statement: str, /) -> Any: ...

    def commit(self) -> None: ...

    def rollback(self) -> None: ...


class Outcome(NamedTuple):
    """What a unit has returned, or why it has written nothing."""

    result: Any = None
    error: Exception | None = None


Call = Callable[[], Unit[Any]]


def run(connection: Connection, calls: Sequence[Call], execute: units.Execute) -> list[Outcome]:
    """What became of each unit, in their order: those without an error are committed."""
    try:
        connection.execute(statements.SQLITE_BEGIN)
    except Exception as error:  # nobody would get the lock any sooner alone
        connection.rollback()  # where one was left open, as by a disk that failed: the next group finds none
        return [Outcome(error=error) for _ in calls]
    try:
        if len(calls) == 1:
            outcomes = [Outcome(units.run(calls[0](), execute))]
        else:
            outcomes = [_saved(connection, call, execute) for call in calls]
        connection.commit()
    except Exception as error:  # of the only unit, or all are undone: as by a disk that is full
        connection.rollback()
        if len(calls) == 1:
            return [Outcome(error=error)]
        return [outcome for call in calls for outcome in run(connection, [call], execute)]
    return outcomes


def read(connection: Connection, calls: Sequence[Call], execute: units.Execute) -> list[Outcome]:
    """What units return that write nothing, one after another, all on what is there when the first one reads."""
    outcomes = []
    if len(calls) > 1:  # SQLite locks and unlocks the log once for all of them, by system calls
        connection.execute(statements.SQLITE_BEGIN_READING)
    for call in calls:
        try:
            outcomes.append(Outcome(units.run(call(), execute)))
        except Exception as error:
            outcomes.append(Outcome(error=error))
    connection.rollback()  # what was begun is over: nothing was written
    return outcomes


def _saved(connection: Connection, call: Call, execute: units.Execute) -> Outcome:
    """What becomes of a unit within the transaction. Raises what the database does where that is over."""
    connection.execute(statements.SQLITE_SAVEPOINT)
    try:
        outcome = Outcome(units.run(call(), execute))
    except Exception as error:
        outcome = Outcome(error=error)
        connection.execute(statements.SQLITE_UNDO)
    connection.execute(statements.SQLITE_RELEASE)
    return outcome
