"""The users that every seeded database holds, ids 1 to N: all that is known of each, which follows from the id.

A definition of its own, as a black-box client has; a test holds it against what seeds the database.
"""

from __future__ import annotations

from datetime import UTC, datetime

_START = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
"""In seconds since the epoch; they are created a second apart."""

PASSWORD = "correct-horse"
"""Of all of them: seeded databases are for trying and measuring."""


def username(user_id: int) -> str:
    """The name of a seeded user; user 1 is the administrator."""
    return "admin" if user_id == 1 else f"user{user_id:07d}"


def age(user_id: int) -> int | None:
    """The age of a seeded user: every eleventh has none."""
    return None if user_id % 11 == 0 else 18 + user_id * 37 % 80


def created_at(user_id: int) -> str:
    """When a seeded user was created."""
    return f"{datetime.fromtimestamp(_START + user_id, UTC).isoformat()[:19]}Z"


def fields(user_id: int) -> dict[str, object]:
    """All fields of a seeded user, in the order of an answer."""
    name = username(user_id)
    return {
        "id": user_id,
        "username": name,
        "email": f"{name}@example.org",
        "age": age(user_id),
        "created_at": created_at(user_id),
        "version": 1,
    }


def news(name: str) -> list[dict[str, str]]:
    """What the news service says of a user, by name; a name is what a seeded user has."""
    return [{"title": f"News {n} for {name}", "url": f"https://news.example.org/{name}/{n}"} for n in (1, 2, 3)]


def found_by(prefix: str, users: int) -> list[int]:
    """The ids, ascending, of all seeded users (1 to `users`) whose name starts with a prefix such as `user00012`."""
    missing = 7 - len(prefix.removeprefix("user"))
    first = int(prefix.removeprefix("user") or "0") * 10**missing
    return list(range(max(first, 2), min(first + 10**missing - 1, users) + 1))
