"""Scenario `everyday`: what a database of users does all day. People read pages, programs read JSON, few write."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import accumulate

import _checks
import _pages
import _read
from _context import Context
from _lifecycle import Steps

from openloop.request import Request

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

STEPS = Steps(("POST", "PATCH", "DELETE"), distance=12)
"""36 writes from step to step: 1 s at 300 requests per second."""


def request(context: Context) -> Request:
    """One of the above, drawn by weight."""
    return context.random.choices(CHOICES, cum_weights=UP_TO)[0](context)


def read_again(context: Context) -> Request:
    """Ask whether a user is still as a program with a cache knows it: 304, for nobody changes seeded users."""
    user_id, etag = context.any_id(), '"1"'
    check = partial(_checks.unchanged, etag=etag)
    path, route = f"/api/users/{user_id}", "/api/users/{id} (If-None-Match)"
    return Request("GET", path, route, check, headers={"If-None-Match": etag})


def list_users(context: Context) -> Request:
    """One page of users as JSON, anywhere among them."""
    after = _pages.any_start(context)
    ids = range(after + 1, min(after + _pages.LIMIT, context.users) + 1)
    following, exact = _pages.next_page("/api/users", context, ids), _pages.is_exact(context, ids)
    check = partial(_checks.users, ids=ids, next_page=following, exact=exact)
    return Request("GET", f"/api/users?after={after}&limit={_pages.LIMIT}", "/api/users", check)


def search(context: Context) -> Request:
    """Users by the beginning of their name, as JSON."""
    prefix, ids, following = _pages.any_search(context, "/api/users")
    check = partial(_checks.users, ids=ids, next_page=following, exact=True)
    return Request("GET", f"/api/users?q={prefix}", "/api/users?q=", check)


def write(context: Context) -> Request:
    """Create, change or remove a user of the run's own."""
    return context.lifecycle.request(STEPS, context.random)


ACTIONS: dict[str, Callable[[Context], Request]] = {
    "home": _pages.home,
    "users page": _pages.users,
    "search page": _pages.search,
    "user page": _pages.user,
    "read": _read.request,
    "read again": read_again,
    "list": list_users,
    "search": search,
    "write": write,
}
CHOICES, UP_TO = [ACTIONS[name] for name in WEIGHTS], list(accumulate(WEIGHTS.values()))
