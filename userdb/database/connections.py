"""How the tools open a database: in one transaction that holds everything they do, or in none at all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DatabaseError as SQLAlchemyDatabaseError
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from userdb import sqlite_driver, statements
from userdb.settings import Settings


class DatabaseError(RuntimeError):
    """What was asked for can't be done; the message says what to do."""


@contextmanager
def transaction(settings: Settings) -> Iterator[Connection]:
    """A connection in one transaction, changes of tables included: kept when all of it is done, else none of it.

    Another tool waits until it is over before it looks at anything. Raises DatabaseError.
    """
    with _engine(settings, settings.database_url.database) as engine:
        if settings.on_sqlite:
            # Left to itself, the driver begins only before it changes rows: tables would be changed outside of it.
            event.listen(engine, "connect", _leave_transactions_to_us)
            event.listen(engine, "begin", _begin_immediate)
        with engine.begin() as connection:
            if settings.on_sqlite:
                _refuse_defective(settings, connection)
            else:  # SQLite is locked already
                connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('userdb.database'))"))
            yield connection


@contextmanager
def autocommit(settings: Settings, file: Path | None) -> Iterator[Connection]:
    """A connection to an SQLite file, or to PostgreSQL, without transactions, for what can't be done in one.

    Raises DatabaseError.
    """
    with _engine(settings, str(file), isolation_level="AUTOCOMMIT") as engine:
        with engine.connect() as connection:
            if settings.on_sqlite:
                _refuse_defective(settings, connection)
            yield connection


@contextmanager
def alone(settings: Settings, file: Path) -> Iterator[None]:
    """Hold an SQLite file so that nobody else opens it. Raises DatabaseError where somebody has it open already.

    A file that is not a database can't be in use, so it may be replaced.
    """
    if not file.is_file():
        yield
        return
    url = settings.database_url.set(drivername="sqlite", database=str(file))
    engine = create_engine(url, isolation_level="AUTOCOMMIT", connect_args={"timeout": 0})
    try:
        with engine.connect() as connection:
            try:
                # Out of WAL mode only the last connection gets a database; and closing this one leaves no log to be removed.
                for statement in ("PRAGMA journal_mode=DELETE", "BEGIN EXCLUSIVE"):
                    connection.exec_driver_sql(statement)
            except OperationalError as error:
                raise DatabaseError(f"{file} is in use ({error.orig}): stop whatever has it open first") from error
            except SQLAlchemyDatabaseError:
                pass
            yield
    finally:
        engine.dispose()


def file_of(settings: Settings) -> Path:
    """The SQLite file."""
    return Path(settings.database_url.database or "")


@contextmanager
def _engine(settings: Settings, database: str | None, **options: Any) -> Iterator[Engine]:
    url = settings.database_url.set(drivername="sqlite", database=database)
    engine = create_engine(url if settings.on_sqlite else settings.driver_url(""), **options)
    try:
        yield engine
    except SQLAlchemyError as error:
        raise DatabaseError(
            f"{settings.database_url.render_as_string()}: {error.args[0] if error.args else error}"
        ) from error
    finally:
        engine.dispose()


def _refuse_defective(settings: Settings, connection: Connection) -> None:
    version = connection.execute(statements.SQLITE_VERSION).scalar_one()
    sqlite_driver.refuse_defective(version, settings.allow_defective_sqlite)


def _leave_transactions_to_us(driver_connection: Any, _: object) -> None:
    driver_connection.isolation_level = None


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql(statements.SQLITE_BEGIN)
