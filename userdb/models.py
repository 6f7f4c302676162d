"""What is kept: the table of users, and the value that one of its rows becomes."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
from sqlalchemy import BigInteger, Column, Integer, MetaData, SmallInteger, String, Table

metadata = MetaData(naming_convention={"uq": "uq_%(table_name)s_%(column_0_name)s", "pk": "pk_%(table_name)s"})

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


def timestamp() -> str:
    """The present moment in the form of `User.created_at`."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
