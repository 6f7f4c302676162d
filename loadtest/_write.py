"""Scenario `write`: users are created, changed, replaced and removed, each kind in turn.

Nobody waits for an answer here, so one user's steps must lie apart: a step applies to the user whose step before was
planned `distance` cycles of all kinds earlier. Which step comes when is a matter of counting writes alone. Only users
that the process created itself are touched, by the user as whom it is logged in.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from random import Random
from typing import TYPE_CHECKING, Any, NamedTuple

import _checks
from _request import Request

if TYPE_CHECKING:
    from _asker import Asker

User = dict[str, Any]


class Life(NamedTuple):
    """The steps of a user, one of each per cycle; and how many cycles lie between two steps of the same user."""

    steps: tuple[str, ...]
    distance: int


LIFE = Life(("POST", "PATCH", "PUT", "DELETE"), distance=40)
"""160 writes from step to step: about 1 s at usual rates, half of it at 300 per second."""


def ask(asker: Asker) -> Request:
    """Create, change, replace or remove."""
    return asker.lives.request(LIFE, asker.random)


class Lives:
    """The users that one process creates, and how many writes it has planned.

    Users are numbered by the cycle in which they would be created. Those below 0 belong to cycles before the run, and
    are created where their first step would be: so a run begins with creations only and gets to the full cycle by and
    by. What it leaves behind are the users whose last step had not come, `len(steps) × distance` once all kinds occur,
    and those whose answers came too late or were wrong.
    """

    def __init__(self, names: str) -> None:
        self._names = names  # how all usernames begin, different in every run and process
        self._planned = 0
        self._users: dict[int, User] = {}

    def request(self, life: Life, random: Random) -> Request:
        """The next write. Where the user of a change isn't there another one is created in its place."""
        number, self._planned = self._planned, self._planned + 1
        cycle, step = divmod(number, len(life.steps))
        user, age = cycle - step * life.distance, random.randrange(121)
        first = max(0, -(user // life.distance))
        keep = partial(self._keep, user) if step + 1 < len(life.steps) else None
        method = "POST" if step == first else life.steps[step]
        known = self._users.pop(user, None)
        if method == "POST" or known is None:
            request = self._create(number, age)
            request.deviates = method != "POST"
        else:
            request = _CHANGES[method](known, age)
        request.plan, request.done, request.authorized = f"user {user} {age}", keep, True
        return request

    def _keep(self, number: int, user: User | None) -> None:
        if user is not None:
            self._users[number] = user

    def _create(self, number: int, age: int) -> Request:
        username = f"{self._names}-{number}"
        body = {"username": username, "email": f"{username}@example.org", "age": age}
        return Request("POST", "/api/users", "/api/users", partial(_checks.created, expected=body), body)


def _patch(user: User, age: int) -> Request:
    """Change the age, provided that nobody else changed the user."""
    return _change("PATCH", user, {"age": age})


def _replace(user: User, age: int) -> Request:
    """Send the whole user anew, provided that nobody else changed it."""
    return _change("PUT", user, {**_named(user), "age": age})


def _remove(user: User, _: int) -> Request:
    """Remove the user, provided that nobody else changed it."""
    check = partial(_checks.empty, status=204)
    return Request("DELETE", f"/api/users/{user['id']}", "/api/users/{id}", check, headers=_if_match(user))


_CHANGES: dict[str, Callable[[User, int], Request]] = {"PATCH": _patch, "PUT": _replace, "DELETE": _remove}


def _change(method: str, user: User, body: User) -> Request:
    expected = {"id": user["id"], **_named(user), **body, "created_at": user["created_at"]}
    check = partial(_checks.changed, expected=expected, version=user["version"])
    return Request(method, f"/api/users/{user['id']}", "/api/users/{id}", check, body, _if_match(user))


def _named(user: User) -> User:
    return {"username": user["username"], "email": user["email"]}


def _if_match(user: User) -> dict[str, str]:
    return {"If-Match": f'"{user["version"]}"'}
