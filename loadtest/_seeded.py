"""The users that every seeded database holds: ids 1 to N, with names that follow from the id."""

from __future__ import annotations

PASSWORD = "correct-horse"
"""Of all of them: seeded databases are for trying and measuring."""


def username(user_id: int) -> str:
    """The name of a seeded user; user 1 is the administrator."""
    return "admin" if user_id == 1 else f"user{user_id:07d}"


def fields(user_id: int) -> dict[str, object]:
    """What is known of a seeded user beforehand."""
    name = username(user_id)
    return {"id": user_id, "username": name, "email": f"{name}@example.org"}


def found_by(prefix: str, users: int) -> list[int]:
    """The ids, ascending, of all seeded users (1 to `users`) whose name starts with a prefix such as `user00012`."""
    missing = 7 - len(prefix.removeprefix("user"))
    first = int(prefix.removeprefix("user") or "0") * 10**missing
    return list(range(max(first, 2), min(first + 10**missing - 1, users) + 1))
