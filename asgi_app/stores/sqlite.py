"""SQLite by itself: a unit of work runs whole in the thread of one connection, so that it costs the event loop one wait."""

from __future__ import annotations

import userdb.sqlite_driver  # noqa: F401  # isort: skip  # first of all, before anything imports sqlite3

import asyncio
import sqlite3
from collections.abc import Callable
from functools import partial
from typing import Any, ParamSpec, TypeVar

import aiosqlite

from userdb import errors, groups, sqlite_driver, statements, units
from userdb.compiled import Compiled
from userdb.groups import Call, Outcome
from userdb.settings import Settings
from userdb.units import Rows, Unit, Values

from .writer import WAIT, Writer

Given = ParamSpec("Given")
Result = TypeVar("Result")


class Connection(aiosqlite.Connection):
    """A connection whose thread runs whole functions: aiosqlite has no public call for it."""

    async def run(self, call: Callable[[sqlite3.Connection], Result]) -> Result:
        """What `call` returns for the connection."""
        result: Result = await self._execute(call, self._conn)  # type: ignore[no-untyped-call]  # it has no types
        return result


class Database:
    """The connections of this process: some for reading, which may not write, and one for writing."""

    driver = sqlite3

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._compiled = Compiled("sqlite")
        self._idle: list[Connection] = []
        self._places = asyncio.Semaphore(settings.read_connections)  # whoever came first gets one first
        self._writing: Connection | None = None
        self._writer = Writer(self._write_together, settings.write_queue)

    async def open(self) -> None:
        """Open all connections. Raises DefectiveSQLiteError."""
        for _ in range(self._settings.read_connections):
            self._idle.append(await self._connected(statements.SQLITE_READ_PRAGMAS))
        self._writing = await self._connected(statements.SQLITE_PRAGMAS)
        for connection in (self._writing, self._idle[0]):
            version = await connection.run(partial(self._run, units.sqlite_version()))
            sqlite_driver.refuse_defective(version, self._settings.allow_defective_sqlite)

    async def close(self) -> None:
        """Write what waits, then close all connections."""
        await self._writer.close()
        if self._writing is not None:
            self._idle.append(self._writing)
            self._writing = None
        while self._idle:
            await self._idle.pop().close()

    async def read(self, unit: Callable[Given, Unit[Result]], *values: Given.args, **named: Given.kwargs) -> Result:
        """The result of a unit that writes nothing. Raises Busy where no connection came free."""
        connection = await self._taken()
        try:
            return await connection.run(partial(self._run, unit(*values, **named)))
        except sqlite3.Error as error:
            raise errors.of_driver(sqlite3, error) from error
        finally:
            self._idle.append(
                connection
            )  # where the wait was cancelled, the next unit comes after this one in its thread
            self._places.release()

    async def write(self, unit: Callable[Given, Unit[Result]], *values: Given.args, **named: Given.kwargs) -> Result:
        """The result of a unit when it is committed. Raises Busy where too many wait."""
        try:
            result: Result = await self._writer.written(partial(unit, *values, **named))
        except sqlite3.Error as error:
            raise errors.of_driver(sqlite3, error) from error
        return result

    async def _connected(self, pragmas: tuple[str, ...]) -> Connection:
        def connect() -> sqlite3.Connection:
            connection = sqlite3.connect(self._settings.driver_address(), uri=True, isolation_level=None)
            for pragma in pragmas:
                connection.execute(pragma)
            return connection

        connection = Connection(connect, iter_chunk_size=1)
        await connection
        return connection

    async def _taken(self) -> Connection:
        """A free connection. Raises Busy where none comes free in time."""
        try:
            async with asyncio.timeout(WAIT if self._places.locked() else None):
                await self._places.acquire()
        except TimeoutError as error:
            raise errors.Busy() from error
        return self._idle.pop()

    async def _write_together(self, calls: list[Call]) -> list[Outcome]:
        """What becomes of the units of a group."""
        assert self._writing is not None  # opened before anybody writes
        return await self._writing.run(partial(self._run_group, calls))

    def _run(self, unit: Unit[Result], connection: sqlite3.Connection) -> Result:
        return units.run(unit, partial(self._execute, connection))

    def _run_group(self, calls: list[Call], connection: sqlite3.Connection) -> list[Outcome]:
        return groups.run(connection, calls, partial(self._execute, connection))

    def _execute(self, connection: sqlite3.Connection, statement: Any, values: Values) -> Rows:
        return connection.execute(*self._compiled(statement, values)).fetchall()
