"""Seeded users as the apps show them, for toys that answer like the apps."""

from __future__ import annotations

from datetime import datetime, timedelta


def user(number: int) -> dict[str, object]:
    """A seeded user; that these are the ones of the database is what the checks of a real run show."""
    name = "admin" if number == 1 else f"user{number:07d}"
    age = None if number % 11 == 0 else 18 + number * 37 % 80
    created_at = (datetime(2026, 1, 1) + timedelta(seconds=number)).isoformat() + "Z"
    return {
        "id": number, "username": name, "email": f"{name}@example.org", "age": age, "created_at": created_at, "version": 1,
    }  # fmt: skip
