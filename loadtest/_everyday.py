"""Scenario `everyday`: what a database of users does all day. People read pages, programs read JSON, few write."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import _checks
import _pages
import _read
import _write
from _request import Request

if TYPE_CHECKING:
    from _asker import Asker

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
"""How often each happens, of 100 requests. `write` is the next step in the lives of the run's own users."""

LIFE = _write.Life(("POST", "PATCH", "DELETE"), distance=12)
"""36 writes from step to step: 1 s at 300 requests per second."""


def ask(asker: Asker) -> Request:
    """One of the above, drawn by weight."""
    return ACTIONS[asker.random.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]](asker)


def read_again(asker: Asker) -> Request:
    """Ask whether a user is still as a program with a cache knows it: 304, for nobody changes seeded users."""
    user_id, etag = asker.any_id(), '"1"'
    check = partial(_checks.unchanged, user_id=user_id, etag=etag)
    path, route = f"/api/users/{user_id}", "/api/users/{id} (If-None-Match)"
    return Request("GET", path, route, check, headers={"If-None-Match": etag})


def list_users(asker: Asker) -> Request:
    """One page of users as JSON, anywhere among them."""
    after = _pages.any_start(asker)
    ids = range(after + 1, min(after + _pages.LIMIT, asker.users) + 1)
    following, exact = _pages.next_page("/api/users", asker, ids), _pages.is_exact(asker, ids)
    check = partial(_checks.users, ids=ids, next_page=following, exact=exact)
    return Request("GET", f"/api/users?after={after}&limit={_pages.LIMIT}", "/api/users", check)


def search(asker: Asker) -> Request:
    """Users by the beginning of their name, as JSON."""
    prefix, ids, following = _pages.any_search(asker, "/api/users")
    check = partial(_checks.users, ids=ids, next_page=following, exact=True)
    return Request("GET", f"/api/users?q={prefix}", "/api/users?q=", check)


def write(asker: Asker) -> Request:
    """Create, change or remove a user of the run's own."""
    return asker.lives.request(LIFE, asker.random)


ACTIONS: dict[str, Callable[[Asker], Request]] = {
    "home": _pages.home,
    "users page": _pages.users,
    "search page": _pages.search,
    "user page": _pages.user,
    "read": _read.ask,
    "read again": read_again,
    "list": list_users,
    "search": search,
    "write": write,
}
