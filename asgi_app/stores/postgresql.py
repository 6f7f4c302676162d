"""PostgreSQL by itself: psycopg's own pools, one for reading and one with a single connection for writing.

Changes are not written together here: rows that one of them has locked would stay so until all are written, and two processes
could wait for each other's. The server shares its commits by itself.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, ParamSpec, TypeVar

import psycopg
from psycopg_pool import AsyncConnectionPool

from userdb import database_errors
from userdb.compiled import Compiled
from userdb.pools import Read, State
from userdb.settings import Settings
from userdb.units import Rows, Unit, Values

from .writer import WAIT

Given = ParamSpec("Given")
Result = TypeVar("Result")
Connection = psycopg.AsyncConnection[tuple[Any, ...]]


class Database:
    """The connections of this process."""

    driver = psycopg

    def __init__(self, settings: Settings) -> None:
        self._compiled = Compiled("postgresql")
        self._reading = self._pool(settings, settings.read_connections, 0, _autocommit)
        self._writing = self._pool(settings, 1, settings.write_queue, _read_committed)

    def watch(self, connections: Any) -> None:
        """Have those counted who wait for a connection: how many they are is all that is known."""
        for pool in (self._reading, self._writing):
            connections.also(partial(_waiting, pool))

    def pools(self) -> dict[str, Read]:
        """How both pools are, asked later."""
        return {"reading": partial(_state, self._reading), "writing": partial(_state, self._writing)}

    async def open(self) -> None:
        """Open all connections. Raises Busy."""
        try:
            await self._reading.open(wait=True, timeout=WAIT)
            await self._writing.open(wait=True, timeout=WAIT)
        except (psycopg.IntegrityError, psycopg.OperationalError) as error:
            raise database_errors.of_driver(psycopg, error) from error

    async def close(self) -> None:
        """Close all connections."""
        await self._reading.close()
        await self._writing.close()

    async def read(self, unit: Callable[Given, Unit[Result]], *values: Given.args, **named: Given.kwargs) -> Result:
        """The result of a unit that writes nothing. Raises Busy where no connection came free."""
        return await self._run(self._reading, unit(*values, **named))

    async def write(self, unit: Callable[Given, Unit[Result]], *values: Given.args, **named: Given.kwargs) -> Result:
        """The result of a unit when it is committed. Raises Busy where too many wait."""
        return await self._run(self._writing, unit(*values, **named))

    def _pool(
        self, settings: Settings, size: int, most: int, configure: Callable[[Connection], Any]
    ) -> AsyncConnectionPool[Connection]:
        return AsyncConnectionPool(
            settings.driver_address(),
            kwargs=settings.driver_options(),
            min_size=size,
            max_size=size,
            max_waiting=most,  # 0: any number
            timeout=WAIT,
            configure=configure,
            open=False,
        )

    async def _run(self, pool: AsyncConnectionPool[Connection], unit: Unit[Result]) -> Result:
        """The result of a unit, in a transaction where the pool's connections begin one."""
        try:
            async with pool.connection() as connection:
                return await self._executed(unit, connection)
        except (psycopg.IntegrityError, psycopg.OperationalError) as error:
            raise database_errors.of_driver(psycopg, error) from error

    async def _executed(self, unit: Unit[Result], connection: Connection) -> Result:
        """The same as `units.run`, with waiting between the statements."""
        try:
            statement, values = next(unit)
            while True:
                statement, values = unit.send(await self._execute(connection, statement, values))
        except StopIteration as end:
            result: Result = end.value
            return result

    async def _execute(self, connection: Connection, statement: Any, values: Values) -> Rows:
        text, all_values = self._compiled(statement, values)
        cursor = await connection.execute(text.encode(), all_values)
        return await cursor.fetchall() if cursor.description else []


async def _autocommit(connection: Connection) -> None:
    await connection.set_autocommit(True)


async def _read_committed(connection: Connection) -> None:
    await connection.set_isolation_level(psycopg.IsolationLevel.READ_COMMITTED)  # the locks count on it


def _state(pool: AsyncConnectionPool[Connection]) -> State:
    found = pool.get_stats()
    idle = found["pool_available"]
    return State(found["pool_size"] - idle, idle, found["requests_waiting"], found["pool_max"])


def _waiting(pool: AsyncConnectionPool[Connection]) -> int:
    return _state(pool).waiting or 0
