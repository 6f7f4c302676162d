"""Scenario `everyday`: what a database of users does all day. People read pages, programs read JSON, few write."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

import _checks
import _pages
import _read
import _write

if TYPE_CHECKING:
    from _client import Client

WEIGHTS = {
    "home": 8,
    "users page": 14,
    "search page": 8,
    "user page": 20,
    "read": 20,
    "read again": 8,
    "list": 7,
    "search": 3,
    "write": 12,
}
"""How often each happens, of 100 requests. `write` is one step in the life of the client's own user."""


def steps(client: Client) -> Iterator[None]:
    """One of the above each time, drawn by weight."""
    actions = _actions(client)
    names, weights = list(WEIGHTS), list(WEIGHTS.values())
    while True:
        actions[client.random.choices(names, weights)[0]]()
        yield


def _actions(client: Client) -> dict[str, Callable[[], object]]:
    reader, life = _Reader(client), _write.lives(client, _write.patch)
    return {
        "home": lambda: _pages.home(client),
        "users page": lambda: _pages.users(client),
        "search page": lambda: _pages.search(client),
        "user page": lambda: _pages.user(client),
        "read": reader.read,
        "read again": reader.read_again,
        "list": lambda: list_users(client),
        "search": lambda: search(client),
        "write": lambda: next(life),
    }


class _Reader:
    """Reads users, and remembers the last one as a program with a cache does."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.last: dict[str, Any] | None = None

    def read(self) -> None:
        self.last = _read.user(self.client) or self.last

    def read_again(self) -> None:
        """Ask whether the last user is still as it was: 304."""
        if self.last is None:
            return self.read()
        user_id, etag = self.last["id"], f'"{self.last["version"]}"'
        check = partial(_checks.unchanged, user_id=user_id, etag=etag)
        path, route = f"/api/users/{user_id}", "/api/users/{id} (If-None-Match)"
        return self.client.ask("GET", path, route, check, headers={"If-None-Match": etag})


def list_users(client: Client) -> None:
    """One page of users as JSON, anywhere among them."""
    after = _pages.any_start(client)
    ids = range(after + 1, min(after + _pages.LIMIT, client.users) + 1)
    following, exact = _pages.next_page("/api/users", client, ids), _pages.is_exact(client, ids)
    check = partial(_checks.users, ids=ids, next_page=following, exact=exact)
    client.ask("GET", f"/api/users?after={after}&limit={_pages.LIMIT}", "/api/users", check)


def search(client: Client) -> None:
    """Users by the beginning of their name, as JSON."""
    prefix, ids, following = _pages.any_search(client, "/api/users")
    check = partial(_checks.users, ids=ids, next_page=following, exact=True)
    client.ask("GET", f"/api/users?q={prefix}", "/api/users?q=", check)
