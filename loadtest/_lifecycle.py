"""The lives of users that a run creates: a scenario asks for the next step of the next one.

Nobody waits for an answer here, so one user's steps must lie apart: a step applies to the user whose step before was
planned `distance` cycles of all kinds earlier. Which step comes when is a matter of counting writes alone. Only users
that the process created itself are touched, by the user as whom it is logged in.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from random import Random
from typing import Any, NamedTuple

import _checks
from _files import Files

from openloop.request import Request

User = dict[str, Any]


class Steps(NamedTuple):
    """The steps of a user, one of each per cycle; and how many cycles lie between two steps of the same user."""

    steps: tuple[str, ...]
    distance: int


class UserLifecycle:
    """The users that one process creates, and how many writes it has planned.

    Users are numbered by the cycle in which they would be created. Those below 0 belong to cycles before the run, and
    are created where their first step would be: so a run begins with creations only and gets to the full cycle by and
    by. What it leaves behind are the users whose last step had not come, `len(steps) × distance` once all kinds occur,
    and those whose answers came too late or were wrong.
    """

    def __init__(self, names: str, token: str) -> None:
        self._names = names  # how all usernames begin, different in every run and process
        self._authorization = {"Authorization": f"Bearer {token}"}
        self.files = Files(names, self._authorization)
        self._planned = 0
        self._users: dict[int, User] = {}

    def request(self, life: Steps, random: Random) -> Request:
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
        request.plan, request.done, request.private_headers = f"user {user} {age}", keep, self._authorization
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
