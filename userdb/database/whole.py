"""The database as a whole: create, seed, snapshot, restore. Nothing else may use it meanwhile."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, func, insert, select, text
from sqlalchemy.exc import SQLAlchemyError

from userdb import sqlite_driver, statements
from userdb.database import seed as seed_data
from userdb.models import metadata, users
from userdb.settings import Settings


class DatabaseError(RuntimeError):
    """What was asked for can't be done; the message says what to do."""


def create(settings: Settings) -> None:
    """Create the tables, and on SQLite the file in WAL mode; what is there already stays.

    WAL is set here, once: several processes that set it at their first connection get in each other's way.
    """
    with _connection(settings) as connection:
        if settings.on_sqlite:
            version = connection.execute(statements.SQLITE_VERSION).scalar_one()
            sqlite_driver.refuse_defective(version, settings.allow_defective_sqlite)
            connection.exec_driver_sql("PRAGMA journal_mode=WAL")
        metadata.create_all(connection)
        connection.commit()


def seed(settings: Settings, count: int) -> None:
    """Create the database and fill it with `count` users, all or nothing. Raises DatabaseError where it holds some."""
    create(settings)
    with _connection(settings) as connection:
        if connection.execute(select(func.count()).select_from(users)).scalar_one():
            raise DatabaseError("the database holds users already: remove it first (make clean), or name another one")
        for batch in seed_data.rows(count):
            connection.execute(insert(users), batch)
        if not settings.on_sqlite:  # SQLite goes on after the highest id by itself
            connection.execute(text("SELECT setval(pg_get_serial_sequence('users', 'id'), :count)"), {"count": count})
        connection.commit()
    if settings.on_sqlite:
        _flush(_file(settings))


def snapshot(settings: Settings, target: Path) -> None:
    """Write the whole database into one file, flushed to disk. Raises DatabaseError."""
    _require_sqlite(settings)
    if not _file(settings).is_file():
        raise DatabaseError(f"there is no database {_file(settings)}: make one with seed")
    partial = _partial(target)
    with _connection(settings) as connection:
        connection.exec_driver_sql("VACUUM INTO ?", (str(partial),))
    # The copy is in rollback mode; what is restored from it must be in WAL as its source was.
    with _connection(settings, partial) as connection:
        connection.exec_driver_sql("PRAGMA journal_mode=WAL")
    _flush(partial)
    partial.replace(target)


def restore(settings: Settings, source: Path) -> None:
    """Put a snapshot in the place of the database, flushed to disk. Raises DatabaseError."""
    _require_sqlite(settings)
    if not source.is_file():
        raise DatabaseError(f"there is no snapshot {source}")
    target = _file(settings)
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = _partial(target)
    shutil.copyfile(source, partial)
    _flush(partial)
    # The log of the old database must not be applied to the new one.
    for suffix in ("-wal", "-shm"):
        target.with_name(target.name + suffix).unlink(missing_ok=True)
    partial.replace(target)


@contextmanager
def _connection(settings: Settings, file: Path | None = None) -> Iterator[Connection]:
    engine = _engine(settings, file or _file(settings) if settings.on_sqlite else None)
    try:
        with engine.connect() as connection:
            yield connection
    except (SQLAlchemyError, OSError) as error:
        raise DatabaseError(
            f"{settings.database_url.render_as_string()}: {error.args[0] if error.args else error}"
        ) from error
    finally:
        engine.dispose()


def _engine(settings: Settings, file: Path | None) -> Engine:
    if file is None:
        return create_engine(settings.driver_url(""))
    file.parent.mkdir(parents=True, exist_ok=True)
    return create_engine(settings.database_url.set(drivername="sqlite", database=str(file)))


def _require_sqlite(settings: Settings) -> None:
    if not settings.on_sqlite:
        raise DatabaseError("snapshot and restore work on SQLite files; PostgreSQL has tools of its own")


def _file(settings: Settings) -> Path:
    return Path(settings.database_url.database or "")


def _partial(target: Path) -> Path:
    partial = target.with_name(target.name + ".partial")
    partial.unlink(missing_ok=True)
    return partial


def _flush(file: Path) -> None:
    for path in (file, file.parent):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
