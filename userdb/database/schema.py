"""Of which version a database is, and how it becomes the newest; within the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect

from userdb import database_errors
from userdb.database.connections import DatabaseError

FIRST = "0001"
"""The version of databases from before there were migrations; they don't name it themselves."""

_FIRST_COLUMNS = {"id", "username", "email", "age", "created_at", "version"}


def upgrade(connection: Connection) -> None:
    """Bring a database, an empty one too, to the newest version. Raises DatabaseError for one of an unknown version."""
    if version(connection) == FIRST:
        command.stamp(configuration(connection), FIRST)
    command.upgrade(configuration(connection), "head")


def version(connection: Connection) -> str | None:
    """The version of a database, None of an empty one. Raises DatabaseError for one that is not known here."""
    names = MigrationContext.configure(connection).get_current_heads()
    if not names:
        return _version_without_name(connection)
    known = {script.revision for script in ScriptDirectory.from_config(configuration(connection)).walk_revisions()}
    if len(names) > 1 or names[0] not in known:
        raise DatabaseError(
            f"the database has schema {', '.join(sorted(names))}, which is not known here: it belongs to a newer version of "
            "this program, or to another one"
        )
    return names[0]


def require_newest(connection: Connection) -> None:
    """Raise DatabaseError unless the database is of the newest version."""
    found = version(connection)
    if found is None:
        raise DatabaseError("the database is empty: fill it with seed or create")
    try:
        database_errors.refuse_other_schema(found)
    except database_errors.OtherSchema as error:
        raise DatabaseError(str(error)) from None


@contextmanager
def without_events(connection: Connection) -> Iterator[None]:
    """Have the database note nothing of what is done to users: nobody listens to one that is only being filled."""
    if connection.dialect.name == "sqlite":
        triggers = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").all()
        off, on = [f"DROP TRIGGER {name}" for name, _ in triggers], [sql for _, sql in triggers]
    else:
        off, on = ["ALTER TABLE users DISABLE TRIGGER USER"], ["ALTER TABLE users ENABLE TRIGGER USER"]
    for statement in off:
        connection.exec_driver_sql(statement)
    yield
    for statement in on:  # where it failed, all is undone
        connection.exec_driver_sql(statement)


def configuration(connection: Connection) -> Config:
    """What alembic needs to know; it reads no file, and works over this connection."""
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", "userdb.database:migrations")
    return config


def _version_without_name(connection: Connection) -> str | None:
    tables = inspect(connection)
    if not tables.has_table("users"):
        return None
    # Any database may have a table of this name: nothing is done to one that is not ours.
    if {column["name"] for column in tables.get_columns("users")} != _FIRST_COLUMNS:
        raise DatabaseError("the table users is none of this program: name another database")
    return FIRST
