"""What is kept: users, sessions that were ended, attempts to log in, events; and the values that rows become."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
from sqlalchemy import BigInteger, Boolean, Column, Integer, MetaData, SmallInteger, String, Table, false

SCHEMA = "0005"
"""The migration that makes the tables below (userdb/database/migrations): an app refuses a database of another one."""

metadata = MetaData(
    naming_convention={
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
    }
)

users = Table(
    "users",
    metadata,
    # SQLite gives rowids, and so AUTOINCREMENT, only to INTEGER; AUTOINCREMENT because ids are never used again.
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    # "C" so that PostgreSQL compares bytes, as SQLite does: usernames are case-sensitive and prefix search is a range.
    Column("username", String(80).with_variant(String(80, collation="C"), "postgresql"), nullable=False, unique=True),
    Column("email", String(120), nullable=False, unique=True),
    Column("age", SmallInteger, nullable=True),
    # Text, not a timestamp type: the bytes that are answered are the bytes that are kept, in every database.
    Column("created_at", String(20), nullable=False),
    Column("version", Integer, nullable=False),
    # Argon2id in its usual text form; without one nobody can log in as this user.
    Column("password_hash", String(200), nullable=True),
    Column("is_admin", Boolean, nullable=False, server_default=false()),
    sqlite_autoincrement=True,
)

ended_sessions = Table(
    "ended_sessions",
    metadata,
    Column("id", String(32), primary_key=True),
    Column(
        "expires", BigInteger, nullable=False, index=True
    ),  # seconds since the epoch; the row is not needed after that
)

login_attempts = Table(
    "login_attempts",
    metadata,
    # Of the name that was typed, whether or not there is such a user: otherwise being slowed down would tell (attempts.py).
    Column("key", String(32), primary_key=True),
    Column("count", Integer, nullable=False),
    Column("until", BigInteger, nullable=False, index=True),  # seconds since the epoch: no attempt before then
)

events = Table(
    "events",
    metadata,
    # Filled by the database itself, whoever changes users (migration 0005); ids are never used again here either.
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("kind", String(10), nullable=False),
    Column("user_id", BigInteger, nullable=False),
    Column("version", Integer, nullable=False),
    sqlite_autoincrement=True,
)


class User(msgspec.Struct, frozen=True):
    """One user, with its fields in the order in which they are answered."""

    id: int
    username: str
    email: str
    age: int | None
    created_at: str  # UTC, to the second: 2026-01-31T23:59:59Z
    version: int  # 1 when created, one more with every accepted change


class Account(msgspec.Struct, frozen=True):
    """A user with what belongs to logging in; never encoded, so that the hash stays inside."""

    user: User
    password_hash: str | None
    is_admin: bool


def timestamp(moment: float | None = None) -> str:
    """A moment in seconds since the epoch, or the present one, in the form of `User.created_at`."""
    when = datetime.now(UTC) if moment is None else datetime.fromtimestamp(moment, UTC)
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")
