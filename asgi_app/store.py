"""Runs the statements: the only place where sync and async data access differ.

Reading and writing have an engine each. The reading one is in autocommit and may not write; the writing one has a single
connection, and on SQLite takes the write lock before it reads, so that what a change is based on can't change meanwhile.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from userdb import errors, etags, sqlite_driver, statements
from userdb.forms import PageOfUsers, Preconditions, UserChange, UserForm
from userdb.models import User, timestamp
from userdb.settings import Settings


class Store:
    """The users in the database, over pooled connections of this process."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._reading = self._engine(
            statements.SQLITE_READ_PRAGMAS,
            pool_size=settings.read_connections,
            isolation_level="AUTOCOMMIT",
            skip_autocommit_rollback=True,
        )
        self._writing = self._engine(statements.SQLITE_PRAGMAS, pool_size=1)
        if settings.on_sqlite:
            event.listen(self._writing.sync_engine, "connect", _leave_transactions_to_us)
            event.listen(self._writing.sync_engine, "begin", _begin_immediate)

    async def open(self) -> None:
        """Ask both engines' own connections whether they can be trusted with data. Raises DefectiveSQLiteError."""
        for engine in (self._reading, self._writing):
            async with engine.connect() as connection:
                if self._settings.on_sqlite:
                    result = await connection.execute(statements.SQLITE_VERSION)
                    sqlite_driver.refuse_defective(result.scalar_one(), self._settings.allow_defective_sqlite)

    async def close(self) -> None:
        """Close all connections."""
        await self._reading.dispose()
        await self._writing.dispose()

    async def ready(self) -> None:
        """Return if the database answers. Raises Busy."""
        with errors.from_database():
            async with self._reading.connect() as connection:
                await connection.execute(statements.READY)

    async def page_of_users(self, page: PageOfUsers) -> list[User]:
        """Up to `page.limit` + 1 users in the order of their ids."""
        values: dict[str, Any] = {"after": page.after, "count": page.limit + 1}
        statement = statements.PAGE
        if page.q:
            statement = statements.SEARCH
            values |= {"first": page.q, "last": page.q + "~"}
        with errors.from_database():
            async with self._reading.connect() as connection:
                result = await connection.execute(statement, values)
                return [User(*row) for row in result]

    async def read_user(self, user_id: int) -> User:
        """One user. Raises NotFound."""
        with errors.from_database():
            async with self._reading.connect() as connection:
                result = await connection.execute(statements.READ, {"user_id": user_id})
                row = result.one_or_none()
        return _user(row)

    async def create_user(self, form: UserForm) -> User:
        """The user that is made of `form`. Raises Taken."""
        values = {"username": form.username, "email": form.email, "age": form.age, "created_at": timestamp()}
        with errors.from_database():
            async with self._writing.begin() as connection:
                result = await connection.execute(statements.CREATE, values)
                return User(*result.one())

    async def change_user(self, user_id: int, form: UserForm | UserChange, preconditions: Preconditions) -> User:
        """The user as `form` leaves it. Raises NotFound, PreconditionFailed, Taken."""
        with errors.from_database():
            async with self._writing.begin() as connection:
                result = await connection.execute(statements.READ_TO_CHANGE, {"user_id": user_id})
                user = _user(result.one_or_none())
                etags.check(user, preconditions)
                wanted = form.applied_to(user)
                values = {
                    "user_id": user_id,
                    "new_username": wanted.username,
                    "new_email": wanted.email,
                    "new_age": wanted.age,
                }
                result = await connection.execute(statements.CHANGE, values)
                return User(*result.one())

    async def remove_user(self, user_id: int, preconditions: Preconditions) -> None:
        """Remove a user. Raises NotFound, PreconditionFailed."""
        with errors.from_database():
            async with self._writing.begin() as connection:
                result = await connection.execute(statements.READ_TO_CHANGE, {"user_id": user_id})
                etags.check(_user(result.one_or_none()), preconditions)
                await connection.execute(statements.REMOVE, {"user_id": user_id})

    def _engine(self, pragmas: tuple[str, ...], pool_size: int, **options: Any) -> AsyncEngine:
        engine = create_async_engine(
            self._settings.driver_url("sqlite+aiosqlite"),
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=5,
            **options,
        )
        if self._settings.on_sqlite:
            event.listen(engine.sync_engine, "connect", _pragmas(pragmas))
        return engine


def _pragmas(pragmas: tuple[str, ...]) -> Any:
    def set_up(connection: Any, record: Any) -> None:
        cursor = connection.cursor()
        for pragma in pragmas:
            cursor.execute(pragma)
        cursor.close()

    return set_up


def _leave_transactions_to_us(connection: Any, record: Any) -> None:
    connection.isolation_level = None


def _begin_immediate(connection: Any) -> None:
    connection.exec_driver_sql(statements.SQLITE_BEGIN)


def _user(row: Any) -> User:
    if row is None:
        raise errors.NotFound("There is no such user.")
    return User(*row)
