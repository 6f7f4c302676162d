"""Administrators and passwords, from the command line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError

from userdb import passwords
from userdb.database import connections, schema
from userdb.database.connections import DatabaseError
from userdb.models import timestamp, users
from userdb.settings import Settings


def make_admin(settings: Settings, username: str, email: str | None, password: Callable[[], str]) -> bool:
    """Make this user an administrator with a password, and with this email if one is given; create the user if there
    is none. Whether it was created. The password is asked for when nothing else can be wrong. Raises DatabaseError."""
    if not _is_there(settings, username) and email is None:
        raise DatabaseError(f"there is no user {username}: with --email EMAIL it is created")
    values: dict[str, Any] = {"is_admin": True, "password_hash": passwords.hashed(password())}
    if email is not None:
        values["email"] = email
    with connections.transaction(settings) as connection:
        schema.require_newest(connection)
        try:
            return not _change(connection, username, values) and _create(connection, username, values)
        except IntegrityError:  # the username was looked up in this transaction
            raise DatabaseError(f"another user has the email {email}") from None


def set_password(settings: Settings, username: str, password: Callable[[], str]) -> None:
    """Give this user a password, asked for when the user was found; it ends the user's sessions. Raises DatabaseError."""
    if not _is_there(settings, username):
        raise DatabaseError(f"there is no user {username}")
    values = {"password_hash": passwords.hashed(password())}
    with connections.transaction(settings) as connection:
        schema.require_newest(connection)
        if not _change(connection, username, values):
            raise DatabaseError(f"there is no user {username}")


def _is_there(settings: Settings, username: str) -> bool:
    settings.require_database()
    with connections.transaction(settings) as connection:
        schema.require_newest(connection)
        return connection.execute(select(users.c.id).where(users.c.username == username)).first() is not None


def _change(connection: Connection, username: str, values: dict[str, Any]) -> bool:
    # Locked before it is changed, as the apps do: whoever changes it already may wait for those who note events.
    connection.execute(select(users.c.id).where(users.c.username == username).with_for_update())
    statement = update(users).where(users.c.username == username).values(**values, version=users.c.version + 1)
    return connection.execute(statement).rowcount == 1


def _create(connection: Connection, username: str, values: dict[str, Any]) -> bool:
    if "email" not in values:
        raise DatabaseError(f"there is no user {username}: with --email EMAIL it is created")
    new = {"username": username, "created_at": timestamp(), "version": 1}
    connection.execute(insert(users).values(**new, **values))
    return True
