"""Runs the statements: the only place where sync and async data access differ.

Reading and writing have an engine each. The reading one is in autocommit and may not write; the writing one has a single
connection, and on SQLite takes the write lock before it reads, so that what a change is based on can't change meanwhile.
"""

from __future__ import annotations

from time import time
from typing import Any

from sqlalchemy import Engine, create_engine, event

from userdb import errors, etags, sqlite_driver, statements
from userdb.forms import Preconditions, UserChange, UserForm
from userdb.models import Account, User, timestamp
from userdb.sessions import Session
from userdb.settings import Settings
from userdb.urls import PageOfUsers


class Store:
    """The users in the database, over pooled connections of this process."""

    def __init__(self, settings: Settings) -> None:
        settings.require_database()
        self._settings = settings
        self._reading = self._engine(
            statements.SQLITE_READ_PRAGMAS,
            pool_size=settings.read_connections,
            isolation_level="AUTOCOMMIT",
            skip_autocommit_rollback=True,
        )
        self._writing = self._engine(statements.SQLITE_PRAGMAS, pool_size=1)
        if settings.on_sqlite:
            event.listen(self._writing, "connect", _leave_transactions_to_us)
            event.listen(self._writing, "begin", _begin_immediate)

    def open(self) -> None:
        """Ask both engines' own connections whether they can be trusted with data. Raises DefectiveSQLiteError, OtherSchema."""
        for engine in (self._reading, self._writing):
            with engine.connect() as connection:
                if self._settings.on_sqlite:
                    result = connection.execute(statements.SQLITE_VERSION)
                    sqlite_driver.refuse_defective(result.scalar_one(), self._settings.allow_defective_sqlite)
        with errors.translate_schema_errors():
            with self._reading.connect() as connection:
                result = connection.execute(statements.SCHEMA)
                errors.refuse_other_schema(result.scalar_one_or_none())

    def close(self) -> None:
        """Close all connections."""
        self._reading.dispose()
        self._writing.dispose()

    def ready(self) -> None:
        """Return if the database answers. Raises Busy."""
        with errors.translate_database_errors():
            with self._reading.connect() as connection:
                connection.execute(statements.READY)

    def page_of_users(self, page: PageOfUsers) -> list[User]:
        """Up to `page.limit` + 1 users in the order of their ids, or in that of their names."""
        values: dict[str, Any] = {"after": page.after, "count": page.limit + 1}
        statement = statements.PAGE
        if page.by_name:
            values = {"first": page.first, "last": page.last, "count": page.limit + 1}
            statement = statements.SEARCH
        with errors.translate_database_errors():
            with self._reading.connect() as connection:
                result = connection.execute(statement, values)
                return [User(*row) for row in result]

    def read_user(self, user_id: int) -> User:
        """One user. Raises NotFound."""
        with errors.translate_database_errors():
            with self._reading.connect() as connection:
                result = connection.execute(statements.READ, {"user_id": user_id})
                row = result.one_or_none()
        return _user(row)

    def create_user(self, form: UserForm, password_hash: str | None) -> User:
        """The user that is made of `form`. Raises Taken."""
        values = {
            "username": form.username,
            "email": form.email,
            "age": form.age,
            "created_at": timestamp(),
            "password_hash": password_hash,
        }
        with errors.translate_database_errors():
            with self._writing.begin() as connection:
                result = connection.execute(statements.CREATE, values)
                return User(*result.one())

    def change_user(
        self, user_id: int, form: UserForm | UserChange, preconditions: Preconditions, password_hash: str | None
    ) -> User:
        """The user as `form` leaves it; without a hash the old one stays. Raises NotFound, PreconditionFailed, Taken."""
        with errors.translate_database_errors():
            with self._writing.begin() as connection:
                result = connection.execute(statements.READ_TO_CHANGE, {"user_id": user_id})
                user = _user(result.one_or_none())
                etags.check(user, preconditions)
                wanted = form.applied_to(user)
                values = {
                    "user_id": user_id,
                    "new_username": wanted.username,
                    "new_email": wanted.email,
                    "new_age": wanted.age,
                    "new_password_hash": password_hash,
                }
                result = connection.execute(statements.CHANGE, values)
                return User(*result.one())

    def remove_user(self, user_id: int, preconditions: Preconditions) -> None:
        """Remove a user. Raises NotFound, PreconditionFailed."""
        with errors.translate_database_errors():
            with self._writing.begin() as connection:
                result = connection.execute(statements.READ_TO_CHANGE, {"user_id": user_id})
                etags.check(_user(result.one_or_none()), preconditions)
                connection.execute(statements.REMOVE, {"user_id": user_id})

    def find_account(self, username: str) -> Account | None:
        """The account with this name, if there is one."""
        with errors.translate_database_errors():
            with self._reading.connect() as connection:
                result = connection.execute(statements.FIND_ACCOUNT, {"username": username})
                return _account(result.one_or_none())

    def account(self, session: Session) -> Account | None:
        """The account whose session it is, unless the session was ended."""
        values = {"user_id": session.user_id, "session_id": session.id}
        with errors.translate_database_errors():
            with self._reading.connect() as connection:
                result = connection.execute(statements.ACCOUNT, values)
                return _account(result.one_or_none())

    def end_session(self, session: Session) -> None:
        """Remember that the session is over, for as long as it would have lasted."""
        with errors.translate_database_errors():
            with self._writing.begin() as connection:
                connection.execute(statements.FORGET_SESSIONS, {"now": int(time())})
                values = {"session_id": session.id, "expires": session.expires}
                connection.execute(statements.END_SESSION, values)

    def count_attempt(self, username: str) -> None:
        """Count an attempt to log in under this name. Raises TooManyAttempts where there were too many lately."""
        now, window = int(time()), self._settings.login_window
        with errors.translate_database_errors():
            with self._writing.begin() as connection:
                connection.execute(statements.FORGET_ATTEMPTS, {"before": now - window})
                result = connection.execute(statements.COUNT_ATTEMPT, {"username": username, "now": now})
                count, since = result.one()
        if count > self._settings.login_attempts:
            raise errors.TooManyAttempts(since + window + 1 - now)  # the second in which it ends belongs to it

    def clear_attempts(self, username: str) -> None:
        """Forget the attempts under this name: one has succeeded."""
        with errors.translate_database_errors():
            with self._writing.begin() as connection:
                connection.execute(statements.CLEAR_ATTEMPTS, {"username": username})

    def _engine(self, pragmas: tuple[str, ...], pool_size: int, **options: Any) -> Engine:
        engine = create_engine(
            self._settings.driver_url("sqlite"),
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=5,
            hide_parameters=True,  # an error that is logged in full would hold hashes of passwords
            **options,
        )
        if self._settings.on_sqlite:
            event.listen(engine, "connect", _pragmas(pragmas))
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


def _account(row: Any) -> Account | None:
    if row is None:
        return None
    *user, password_hash, is_admin = row
    return Account(User(*user), password_hash, is_admin)
