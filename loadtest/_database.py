"""The user database under load, before the load: how many seeded users it has, and a token for who writes."""

from __future__ import annotations

import json

import _seeded

from openloop.target import RefusedError, Target

SEVERAL = 12
"""Logins at once that whoever limits them does not take: nginx lets eleven through, an app ten under one name."""

_REFUSALS = {
    401: "give another user with --login-name, or the right password in LOCUST_LOGIN_PASSWORD.",
    429: "too many attempts came lately under this name or from this machine, wrong passwords or other runs among them; "
    "wait until it takes attempts again, or serve it with LIMITS=0.",
    503: "it is busy with other logins; try again, or with fewer processes.",
}
"""What to do where nobody is let in."""


def log_in(target: Target, name: str, password: str) -> str:
    """Log in as this user and return the token. Raises RefusedError where that is refused."""
    status, body = target.post("/api/login", {"username": name, "password": password})
    try:
        token = json.loads(body)["token"] if status == 200 else ""
    except (ValueError, LookupError, TypeError):
        token = ""
    if not (isinstance(token, str) and token):
        what_to_do = _REFUSALS.get(status, "is it the user database?")
        raise RefusedError(f"{target.host}/api/login does not let {name} in ({status}): {what_to_do}")
    return token


def check_unlimited(target: Target, users: int) -> None:
    """Log in as several users, one after the other. Raises RefusedError where so many logins are too many."""
    for number in range(SEVERAL):
        name = _seeded.username(number % users + 1)
        status, _ = target.post("/api/login", {"username": name, "password": _seeded.PASSWORD})
        if status == 429:
            raise RefusedError(
                f"{target.host} limits logins (429 after {number}), so most of this load would be refused: serve it with "
                "LIMITS=0, or wait if it was tried too often."
            )


def seeded_users(target: Target) -> int:
    """How many seeded users there are, found by halving: their ids are 1 to N, and whoever came later is above."""
    if not _has_seeded_from(target, 1):
        raise RefusedError(
            f"{target.host} has no seeded users: seed its database, or say how many with --users-in-database."
        )
    low, high = 1, 2
    while _has_seeded_from(target, high):
        low, high = high, high * 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _has_seeded_from(target, middle) else (low, middle)
    return low


def _has_seeded_from(target: Target, user_id: int) -> bool:
    path = f"/api/users?after={user_id - 1}&limit=1"
    status, body = target.get(path)
    try:
        found = json.loads(body)["users"]
        return bool(found) and found[0]["username"] == _seeded.username(found[0]["id"])
    except (ValueError, LookupError, TypeError):
        raise RefusedError(
            f"{target.host}{path} answers {status} and not a page of users: is it the user database?"
        ) from None
