"""Scenario `write`: a life of a user, over and over: created, changed, replaced, removed.

Only users that the client created itself are touched, so no 409 and no 412 can be of its own making, and a run leaves
at most one user per client behind (the one it had when it was stopped).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

import _checks

if TYPE_CHECKING:
    from _client import Client

User = dict[str, Any]
Change = Callable[["Client", User], User | None]


def steps(client: Client) -> Iterator[None]:
    """Created, changed, replaced, removed."""
    return lives(client, patch, replace)


def lives(client: Client, *changes: Change) -> Iterator[None]:
    """One request each time: create a user, apply the changes, remove it, and begin again.

    A user whose change failed is left alone: nobody knows its version any more.
    """
    number = 0
    while True:
        number += 1
        user = create(client, number)
        yield
        for change in changes:
            if user is not None:
                user = change(client, user)
                yield
        if user is not None:
            remove(client, user)
            yield


def create(client: Client, number: int) -> User | None:
    """Create the client's user of this number; nobody else uses its name in any run."""
    username = f"load-{client.run}-{client.number}-{number}"
    body = {"username": username, "email": f"{username}@example.org", "age": any_age(client)}
    return client.ask("POST", "/api/users", "/api/users", partial(_checks.created, expected=body), body=body)


def patch(client: Client, user: User) -> User | None:
    """Change the age, provided that nobody else changed the user."""
    return _change(client, "PATCH", user, {"age": any_age(client)})


def replace(client: Client, user: User) -> User | None:
    """Send the whole user anew, provided that nobody else changed it."""
    return _change(client, "PUT", user, {**_named(user), "age": any_age(client)})


def remove(client: Client, user: User) -> None:
    """Remove the user, provided that nobody else changed it."""
    check = partial(_checks.empty, status=204)
    client.ask("DELETE", f"/api/users/{user['id']}", "/api/users/{id}", check, headers=_if_match(user))


def any_age(client: Client) -> int:
    """An age in years that the database takes."""
    return client.random.randrange(121)


def _change(client: Client, method: str, user: User, body: User) -> User | None:
    expected = {"id": user["id"], **_named(user), **body, "created_at": user["created_at"]}
    check = partial(_checks.changed, expected=expected, version=user["version"])
    path = f"/api/users/{user['id']}"
    return client.ask(method, path, "/api/users/{id}", check, body=body, headers=_if_match(user))


def _named(user: User) -> User:
    return {"username": user["username"], "email": user["email"]}


def _if_match(user: User) -> dict[str, str]:
    return {"If-Match": f'"{user["version"]}"'}
