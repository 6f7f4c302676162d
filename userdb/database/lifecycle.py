"""The database as a whole: create, migrate, seed, snapshot, restore. Nothing else may use it meanwhile."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from sqlalchemy import func, insert, select, text

from userdb.database import connections, schema
from userdb.database import seed as seed_data
from userdb.database.connections import DatabaseError, file_of
from userdb.models import users
from userdb.settings import Settings


def create(settings: Settings) -> None:
    """Create the tables, and on SQLite the file in WAL mode; what is there already stays, and is brought to the newest
    version. Raises DatabaseError."""
    _prepare_file(settings)
    with connections.transaction(settings) as connection:
        schema.upgrade(connection)


def migrate(settings: Settings) -> None:
    """Bring a database that is there to the newest version, all or nothing. Raises DatabaseError."""
    settings.require_database()
    with connections.transaction(settings) as connection:
        if schema.version(connection) is None:
            raise DatabaseError("the database is empty: there is nothing to migrate, fill it with seed or create")
        schema.upgrade(connection)


def seed(settings: Settings, count: int) -> None:
    """Create the database and fill it with `count` users, all or nothing. Raises DatabaseError where it holds some."""
    _prepare_file(settings)
    with connections.transaction(settings) as connection:
        schema.upgrade(connection)
        if connection.execute(select(func.count()).select_from(users)).scalar_one():
            raise DatabaseError("the database holds users already: remove it first (make clean), or name another one")
        with schema.without_events(connection):
            for batch in seed_data.rows(count):
                connection.execute(insert(users), batch)
        if not settings.on_sqlite:  # SQLite goes on after the highest id by itself
            connection.execute(text("SELECT setval(pg_get_serial_sequence('users', 'id'), :count)"), {"count": count})
    if settings.on_sqlite:
        _flush(file_of(settings))
        return
    with connections.autocommit(
        settings, None
    ) as connection:  # or PostgreSQL does it later, beside what is asked of it then
        connection.exec_driver_sql("VACUUM (FREEZE, ANALYZE)")


def snapshot(settings: Settings, target: Path) -> None:
    """Write the whole database into one file, flushed to disk. Raises DatabaseError."""
    _require_sqlite(settings)
    settings.require_database()
    if target.resolve() == file_of(settings).resolve():
        raise DatabaseError(f"{target} is the database itself: name another file for the snapshot")
    partial = _partial(target)
    with connections.autocommit(settings, file_of(settings)) as connection:
        connection.exec_driver_sql("VACUUM INTO ?", (str(partial),))
    # The copy is in rollback mode; what is restored from it must be in WAL as its source was.
    with connections.autocommit(settings, partial) as connection:
        connection.exec_driver_sql("PRAGMA journal_mode=WAL")
    _flush(partial)
    partial.replace(target)


def restore(settings: Settings, source: Path) -> None:
    """Put a snapshot in the place of the database, flushed to disk.

    Raises DatabaseError where the file is no snapshot, or something has the database open: it would go on in a file that is
    not there any more, and what it writes would be lost.
    """
    _require_sqlite(settings)
    if not source.is_file():
        raise DatabaseError(f"there is no snapshot {source}")
    target = file_of(settings)
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = _partial(target)
    try:
        shutil.copyfile(source, partial)
        _refuse_other_files(settings, source, partial)
        _flush(partial)
        with connections.alone(settings, target):
            # The log of the old database must not be applied to the new one.
            for suffix in ("-wal", "-shm"):
                target.with_name(target.name + suffix).unlink(missing_ok=True)
            partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)


def _prepare_file(settings: Settings) -> None:
    """Make the SQLite file, in WAL mode.

    WAL is set here, once: several processes that set it at their first connection get in each other's way.
    """
    if settings.on_sqlite:
        file_of(settings).parent.mkdir(parents=True, exist_ok=True)
        _for_the_owner(file_of(settings))
        with connections.autocommit(settings, file_of(settings)) as connection:
            connection.exec_driver_sql("PRAGMA journal_mode=WAL")


def _require_sqlite(settings: Settings) -> None:
    if not settings.on_sqlite:
        raise DatabaseError("snapshot and restore work on SQLite files; PostgreSQL has tools of its own")


def _refuse_other_files(settings: Settings, source: Path, copy: Path) -> None:
    """Raise DatabaseError unless the copy of `source` holds a database of ours, of whatever version."""
    try:
        with connections.autocommit(settings, copy) as connection:
            found = schema.version(connection)
    except DatabaseError as error:
        raise DatabaseError(f"{source} is no snapshot of a database: {error}") from error
    finally:
        for suffix in ("-wal", "-shm"):
            copy.with_name(copy.name + suffix).unlink(missing_ok=True)
    if found is None:
        raise DatabaseError(f"{source} is no snapshot of a database: there is nothing in it")


def _for_the_owner(file: Path) -> None:
    """Make a file that only its owner may read, unless it is there: it will hold emails and the hashes of passwords."""
    os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))


def _partial(target: Path) -> Path:
    partial = target.with_name(target.name + ".partial")
    partial.unlink(missing_ok=True)
    _for_the_owner(partial)
    return partial


def _flush(file: Path) -> None:
    for path in (file, file.parent):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
