"""The store over SQLAlchemy's engines, as its documentation has it: each statement is a call of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import time
from typing import Any

from userdb import (
    attempts,
    csv_files,
    database_errors,
    errors,
    etags,
    events,
    lab,
    parameters,
    permissions,
    rows,
    sessions,
    sqlite_driver,
    statements,
)
from userdb.attempts import Counter
from userdb.events import Event, Kept
from userdb.forms import Preconditions, UserChange, UserForm
from userdb.models import Account, User
from userdb.pools import Read
from userdb.sessions import NOBODY, Session
from userdb.settings import Settings
from userdb.urls import PageOfUsers

from . import checks, pools


class Store:
    """The users in the database, over pooled connections of this process."""

    def __init__(self, settings: Settings) -> None:
        settings.require_database()
        self._settings = settings
        self._reading, self._writing = pools.reading(settings), pools.writing(settings)

    def watch(self, connections: Any) -> None:
        """Have those counted who wait for a connection: in the laboratory alone."""
        for engine in (self._reading, self._writing):
            pools.watch(engine, connections)

    def pools(self) -> dict[str, Read]:
        """How the pools of both engines are, asked later."""
        return {"reading": pools.asked_later(self._reading), "writing": pools.asked_later(self._writing)}

    async def open(self) -> None:
        """Ask both engines' own connections whether they can be trusted with data. Raises DefectiveSQLiteError, OtherSchema."""
        for engine in (self._reading, self._writing):
            async with engine.connect() as connection:
                if self._settings.on_sqlite:
                    result = await connection.execute(statements.SQLITE_VERSION)
                    sqlite_driver.refuse_defective(result.scalar_one(), self._settings.allow_defective_sqlite)
        with database_errors.translate_schema_errors():
            async with self._reading.connect() as connection:
                result = await connection.execute(statements.SCHEMA)
                database_errors.refuse_other_schema(result.scalar_one_or_none())

    async def close(self) -> None:
        """Close all connections."""
        await self._reading.dispose()
        await self._writing.dispose()

    async def ready(self) -> None:
        """Return if the database answers. Raises Busy."""
        with database_errors.translate_database_errors():
            async with self._reading.connect() as connection:
                await connection.execute(statements.READY)

    async def wait(self, seconds: float) -> None:
        """Return when a query has taken so long. Raises Busy."""
        with database_errors.translate_database_errors():
            async with self._reading.connect() as connection:
                await connection.execute(lab.SLEEP, {"seconds": seconds})

    async def hold_lock(self, seconds: float) -> None:
        """Return when a transaction that may write has taken so long. Raises Busy."""
        with database_errors.translate_database_errors():
            async with self._writing.begin() as connection:
                await connection.execute(lab.SLEEP, {"seconds": seconds})

    async def holding(self, call: Callable[[], Any]) -> None:
        """Call something while a connection of the pool is kept, for nothing. Raises Busy."""
        with database_errors.translate_database_errors():
            async with self._reading.connect() as connection:
                await connection.execute(statements.READY)
                await call()

    async def page_of_users(self, page: PageOfUsers) -> list[User]:
        """Up to `page.limit` + 1 users in the order of their ids, or in that of their names."""
        statement, values = parameters.page(page)
        with database_errors.translate_database_errors():
            async with self._reading.connect() as connection:
                result = await connection.execute(statement, values)
                return [User(*row) for row in result]

    async def read_user(self, user_id: int) -> User:
        """One user. Raises NotFound."""
        with database_errors.translate_database_errors():
            async with self._reading.connect() as connection:
                result = await connection.execute(statements.READ, {"user_id": user_id})
                row = result.one_or_none()
        return rows.user(row)

    async def check_new(self, form: UserForm) -> None:
        """Return if a user can be made of `form`, as far as can be seen before it is done. Raises Taken."""
        with database_errors.translate_database_errors():
            async with self._reading.connect() as connection:
                await checks.check_taken(connection, NOBODY, form)

    async def check_change(self, user_id: int, form: UserForm | UserChange, preconditions: Preconditions) -> None:
        """The same of a change. Raises NotFound, PreconditionFailed, Taken."""
        with database_errors.translate_database_errors():
            async with self._reading.connect() as connection:
                result = await connection.execute(statements.READ, {"user_id": user_id})
                user = rows.user(result.one_or_none())
                etags.check(user, preconditions)
                await checks.check_taken(connection, user_id, form.applied_to(user))

    async def create_user(self, author: Session | None, form: UserForm, password_hash: str | None) -> User:
        """The user that is made of `form`, by nobody else where there is no author. Raises Unauthorized, Forbidden, Taken."""
        given = parameters.creation(author, form, password_hash)
        with database_errors.translate_database_errors():
            async with self._writing.begin() as connection:
                if author is not None:
                    result = await connection.execute(statements.LOCK_AUTHOR, {"user_id": author.user_id})
                    permissions.to_create(sessions.required(author, rows.account(result.one_or_none())))
                result = await connection.execute(statements.CREATE, given)
                return User(*rows.written(result.one_or_none()))

    async def create_users(self, author: Session, forms: Sequence[UserForm]) -> None:
        """All these users, or none of them. Raises Unauthorized, Forbidden, LinesTaken, and Taken where others came between."""
        with database_errors.translate_database_errors():
            async with self._writing.begin() as connection:
                await connection.execute(statements.LOCK_AUTHOR, {"user_id": author.user_id})
                values = {"user_id": author.user_id, "session_id": author.id}
                result = await connection.execute(statements.ACCOUNT, values)  # after the lock, as everywhere
                permissions.to_create(sessions.required(author, rows.account(result.one_or_none())))
                await checks.check_lines(connection, forms)
                for batch in csv_files.batches(forms):
                    await connection.execute(statements.create_some(len(batch)), parameters.creations(batch))

    async def change_user(
        self,
        author: Session,
        user_id: int,
        form: UserForm | UserChange,
        preconditions: Preconditions,
        password_hash: str | None,
    ) -> User:
        """The user as `form` leaves it; without a hash the old one stays.

        Raises Unauthorized, Forbidden, NotFound, PreconditionFailed, Taken.
        """
        with database_errors.translate_database_errors():
            async with self._writing.begin() as connection:
                writing, found = await checks.locked(connection, author, user_id)
                permissions.to_change(writing, user_id)
                user = rows.there(found)
                etags.check(user, preconditions)
                given = parameters.change(author, user_id, form.applied_to(user), password_hash)
                result = await connection.execute(statements.CHANGE, given)
                return User(*rows.written(result.one_or_none()))

    async def remove_user(self, author: Session, user_id: int, preconditions: Preconditions) -> None:
        """Remove a user. Raises Unauthorized, Forbidden, NotFound, PreconditionFailed."""
        with database_errors.translate_database_errors():
            async with self._writing.begin() as connection:
                writing, found = await checks.locked(connection, author, user_id)
                permissions.to_remove(writing, user_id)
                etags.check(rows.there(found), preconditions)
                result = await connection.execute(statements.REMOVE, {"session_id": author.id, "user_id": user_id})
                rows.written(result.one_or_none())

    async def find_account(self, username: str) -> Account | None:
        """The account with this name, if there is one."""
        with database_errors.translate_database_errors():
            async with self._reading.connect() as connection:
                result = await connection.execute(statements.FIND_ACCOUNT, {"username": username})
                return rows.account(result.one_or_none())

    async def account(self, session: Session) -> Account | None:
        """The account whose session it is, unless the session was ended."""
        values = {"user_id": session.user_id, "session_id": session.id}
        with database_errors.translate_database_errors():
            async with self._reading.connect() as connection:
                result = await connection.execute(statements.ACCOUNT, values)
                return rows.account(result.one_or_none())

    async def end_session(self, session: Session) -> None:
        """Remember that the session is over, for as long as it would have lasted; what it writes just now comes first."""
        with database_errors.translate_database_errors():
            async with self._writing.begin() as connection:
                await connection.execute(statements.LOCK, {"user_id": session.user_id})
                await connection.execute(statements.FORGET_SESSIONS, {"now": int(time())})
                values = {"session_id": session.id, "expires": session.expires}
                await connection.execute(statements.END_SESSION, values)

    async def check_pauses(self, counters: list[Counter]) -> None:
        """Return if there may be an attempt to log in, as far as can be seen before it is counted. Raises TooManyAttempts."""
        with database_errors.translate_database_errors():
            async with self._reading.connect() as connection:
                await checks.check_pauses(connection, counters, int(time()))

    async def count_attempt(self, counters: list[Counter]) -> None:
        """Count an attempt to log in, by all these counters or by none. Raises TooManyAttempts in a pause."""
        now = int(time())
        with database_errors.translate_database_errors():
            async with self._writing.begin() as connection:
                before = now - attempts.MEMORY * self._settings.login_window
                await connection.execute(statements.FORGET_ATTEMPTS, {"before": before})
                for counter in counters:
                    result = await connection.execute(statements.COUNT_ATTEMPT, {"key": counter.key, "now": now})
                    count = result.scalar_one_or_none()
                    if count is None:
                        await checks.check_pauses(connection, counters, now)
                        raise errors.TooManyAttempts(1)  # the pause has ended meanwhile
                    if pause := attempts.pause(counter, count):
                        await connection.execute(statements.PAUSE, {"of": counter.key, "end": now + pause})

    async def clear_attempts(self, counters: list[Counter]) -> None:
        """Forget the attempts of the first counter, and by the others this one: it has succeeded."""
        with database_errors.translate_database_errors():
            async with self._writing.begin() as connection:
                await connection.execute(statements.CLEAR_ATTEMPTS, {"of": counters[0].key})
                for counter in counters[1:]:
                    await connection.execute(statements.UNCOUNT_ATTEMPT, {"of": counter.key})

    async def kept_events(self) -> Kept:
        """Which events there are still."""
        with database_errors.translate_database_errors():
            async with self._reading.connect() as connection:
                result = await connection.execute(statements.KEPT_EVENTS)
                return events.kept(*result.one())

    async def events_after(self, last: int) -> list[Event]:
        """The next events after one, up to a piece of them."""
        with database_errors.translate_database_errors():
            async with self._reading.connect() as connection:
                result = await connection.execute(statements.EVENTS_AFTER, {"last": last, "count": events.PIECE})
                return [Event(*row) for row in result]
