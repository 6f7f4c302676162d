"""Seed data: the same users for the same number, on every machine."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from userdb.models import User
from userdb.passwords import SEEDED_HASH

_START = datetime(2026, 1, 1, tzinfo=UTC)


def users(count: int) -> Iterator[User]:
    """Users 1 to `count`: `admin` first, then `user0000002` and so on, created a second apart."""
    for number in range(1, count + 1):
        name = "admin" if number == 1 else f"user{number:07d}"
        created_at = (_START + timedelta(seconds=number)).strftime("%Y-%m-%dT%H:%M:%SZ")
        # Ages 18 to 97 in a fixed scatter, every eleventh unknown.
        age = None if number % 11 == 0 else 18 + number * 37 % 80
        yield User(number, name, f"{name}@example.org", age, created_at, 1)


def rows(count: int, size: int = 10_000) -> Iterator[list[dict[str, Any]]]:
    """The same users as parameters for an insert, in batches of `size`: all with the one password, `admin` an
    administrator."""
    batch: list[dict[str, Any]] = []
    for user in users(count):
        values = {name: getattr(user, name) for name in User.__struct_fields__}
        batch.append(values | {"password_hash": SEEDED_HASH, "is_admin": user.id == 1})
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch
