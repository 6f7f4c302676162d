"""Administrators and passwords, from the command line."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, insert, update
from sqlalchemy.exc import IntegrityError

from userdb import passwords
from userdb.database import opening, schema
from userdb.database.opening import DatabaseError
from userdb.models import timestamp, users
from userdb.settings import Settings


def make_admin(settings: Settings, username: str, email: str | None, password: str) -> bool:
    """Make this user an administrator with this password, and with this email if one is given; create the user if there
    is none. Whether it was created. Raises DatabaseError."""
    values: dict[str, Any] = {"is_admin": True, "password_hash": passwords.hashed(password)}
    if email is not None:
        values["email"] = email
    opening.require(settings)
    with opening.transaction(settings) as connection:
        schema.require_newest(connection)
        try:
            return not _change(connection, username, values) and _create(connection, username, values)
        except IntegrityError:  # the username was looked up in this transaction
            raise DatabaseError(f"another user has the email {email}") from None


def set_password(settings: Settings, username: str, password: str) -> None:
    """Give this user this password, which ends the user's sessions. Raises DatabaseError."""
    values = {"password_hash": passwords.hashed(password)}
    opening.require(settings)
    with opening.transaction(settings) as connection:
        schema.require_newest(connection)
        if not _change(connection, username, values):
            raise DatabaseError(f"there is no user {username}")


def _change(connection: Connection, username: str, values: dict[str, Any]) -> bool:
    statement = update(users).where(users.c.username == username).values(**values, version=users.c.version + 1)
    return connection.execute(statement).rowcount == 1


def _create(connection: Connection, username: str, values: dict[str, Any]) -> bool:
    if "email" not in values:
        raise DatabaseError(f"there is no user {username}: with --email EMAIL it is created")
    new = {"username": username, "created_at": timestamp(), "version": 1}
    connection.execute(insert(users).values(**new, **values))
    return True
