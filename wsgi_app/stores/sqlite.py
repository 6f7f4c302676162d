"""SQLite by itself: a unit of work runs whole over one connection, in the thread that handles the request."""

from __future__ import annotations

import userdb.sqlite_driver  # noqa: F401  # isort: skip  # first of all, before anything imports sqlite3

import sqlite3
from collections.abc import Callable
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any, ParamSpec, TypeVar

from userdb import errors, groups, sqlite_driver, statements, units
from userdb.compiled import Compiled
from userdb.groups import Call, Outcome
from userdb.settings import Settings
from userdb.units import Rows, Unit, Values

from .writer import WAIT, Writer

Given = ParamSpec("Given")
Result = TypeVar("Result")


class Database:
    """The connections of this process: some for reading, which may not write, and one for writing."""

    driver = sqlite3

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._compiled = Compiled("sqlite")
        self._idle: SimpleQueue[sqlite3.Connection] = SimpleQueue()
        self._writing: sqlite3.Connection | None = None
        self._writer = Writer(self._write_together, settings.write_queue)

    def open(self) -> None:
        """Open all connections. Raises DefectiveSQLiteError."""
        for _ in range(self._settings.read_connections):
            reading = self._connected(statements.SQLITE_READ_PRAGMAS)
            self._idle.put(reading)
        self._writing = self._connected(statements.SQLITE_PRAGMAS)
        for connection in (self._writing, reading):
            version = self._run(units.sqlite_version(), connection)
            sqlite_driver.refuse_defective(version, self._settings.allow_defective_sqlite)

    def close(self) -> None:
        """Write what waits, then close all connections."""
        self._writer.close()
        if self._writing is not None:
            self._idle.put(self._writing)
            self._writing = None
        while not self._idle.empty():
            self._idle.get().close()

    def read(self, unit: Callable[Given, Unit[Result]], *values: Given.args, **named: Given.kwargs) -> Result:
        """The result of a unit that writes nothing. Raises Busy where no connection came free."""
        connection = self._taken()
        try:
            return self._run(unit(*values, **named), connection)
        except sqlite3.Error as error:
            raise errors.of_driver(sqlite3, error) from error
        finally:
            self._idle.put(connection)

    def write(self, unit: Callable[Given, Unit[Result]], *values: Given.args, **named: Given.kwargs) -> Result:
        """The result of a unit when it is committed. Raises Busy where too many wait."""
        try:
            result: Result = self._writer.written(partial(unit, *values, **named))
        except sqlite3.Error as error:
            raise errors.of_driver(sqlite3, error) from error
        return result

    def _connected(self, pragmas: tuple[str, ...]) -> sqlite3.Connection:
        # Whichever thread takes it: one at a time, which this library allows.
        connection = sqlite3.connect(
            self._settings.driver_address(), uri=True, isolation_level=None, check_same_thread=False
        )
        for pragma in pragmas:
            connection.execute(pragma)
        return connection

    def _taken(self) -> sqlite3.Connection:
        """A free connection. Raises Busy where none comes free in time."""
        try:
            return self._idle.get(timeout=WAIT)
        except Empty as error:
            raise errors.Busy() from error

    def _write_together(self, calls: list[Call]) -> list[Outcome]:
        """What becomes of the units of a group."""
        assert self._writing is not None  # opened before anybody writes
        return self._run_group(calls, self._writing)

    def _run(self, unit: Unit[Result], connection: sqlite3.Connection) -> Result:
        return units.run(unit, partial(self._execute, connection))

    def _run_group(self, calls: list[Call], connection: sqlite3.Connection) -> list[Outcome]:
        return groups.run(connection, calls, partial(self._execute, connection))

    def _execute(self, connection: sqlite3.Connection, statement: Any, values: Values) -> Rows:
        return connection.execute(*self._compiled(statement, values)).fetchall()
