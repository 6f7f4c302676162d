"""SQLite by itself: a unit of work runs whole over one connection, in the thread that handles the request."""

from __future__ import annotations

import userdb.sqlite_driver  # noqa: F401  # isort: skip  # first of all, before anything imports sqlite3

import sqlite3
from collections.abc import Callable
from functools import partial
from typing import Any, ParamSpec, TypeVar

from userdb import database_errors, groups, lab, sqlite_driver, statements, units
from userdb.compiled import Compiled
from userdb.groups import Call, Outcome
from userdb.pools import Read
from userdb.settings import Settings
from userdb.units import Rows, Unit, Values

from .readers import Readers
from .writer import Writer

Given = ParamSpec("Given")
Result = TypeVar("Result")


class Database:
    """The connections of this process: some for reading, which may not write, and one for writing."""

    driver = sqlite3

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._compiled = Compiled("sqlite")
        self._open: list[sqlite3.Connection] = []
        self._readers = Readers(self._read_alone)
        self._writer = Writer(self._write_together, settings.write_queue)

    def watch(self, connections: Any) -> None:
        """Have those counted who wait for a connection: how many they are is all that is known."""
        connections.also(self._readers.waiting)
        connections.also(self._writer.waiting)

    def pools(self) -> dict[str, Read]:
        """How the connections for reading and the one for writing are, asked later."""
        return {"reading": self._readers.pool, "writing": self._writer.pool}

    def open(self) -> None:
        """Open all connections. Raises DefectiveSQLiteError."""
        self._open.append(self._connected(statements.SQLITE_PRAGMAS))
        for _ in range(self._settings.read_connections):
            self._open.append(self._connected(statements.SQLITE_READ_PRAGMAS))
            self._readers.add(self._open[-1])
        for connection in (self._open[0], self._open[-1]):
            version = self._read_alone(connection, units.sqlite_version)
            sqlite_driver.refuse_defective(version, self._settings.allow_defective_sqlite)

    def close(self) -> None:
        """Write what waits, then close all connections."""
        self._writer.close()
        while self._open:
            self._open.pop().close()

    def read(self, unit: Callable[Given, Unit[Result]], *values: Given.args, **named: Given.kwargs) -> Result:
        """The result of a unit that writes nothing. Raises Busy where no connection came free."""
        try:
            result: Result = self._readers.result(partial(unit, *values, **named))
        except (sqlite3.IntegrityError, sqlite3.OperationalError) as error:
            raise database_errors.of_driver(sqlite3, error) from error
        return result

    def write(self, unit: Callable[Given, Unit[Result]], *values: Given.args, **named: Given.kwargs) -> Result:
        """The result of a unit when it is committed. Raises Busy where too many wait."""
        try:
            result: Result = self._writer.written(partial(unit, *values, **named))
        except (sqlite3.IntegrityError, sqlite3.OperationalError) as error:
            raise database_errors.of_driver(sqlite3, error) from error
        return result

    def _connected(self, pragmas: tuple[str, ...]) -> sqlite3.Connection:
        # Whichever thread takes it: one at a time, which this library allows.
        connection = sqlite3.connect(
            self._settings.driver_address(), uri=True, isolation_level=None, check_same_thread=False
        )
        for pragma in pragmas:
            connection.execute(pragma)
        if self._settings.lab:
            lab.give_sleep(connection)
        return connection

    def _read_alone(self, connection: sqlite3.Connection, call: Call) -> Any:
        """What a unit returns."""
        return units.run(call(), partial(self._execute, connection))

    def _write_together(self, calls: list[Call]) -> list[Outcome]:
        """What becomes of the units of a group."""
        return groups.run(self._open[0], calls, partial(self._execute, self._open[0]))

    def _execute(self, connection: sqlite3.Connection, statement: Any, values: Values) -> Rows:
        return connection.execute(*self._compiled(statement, values)).fetchall()
