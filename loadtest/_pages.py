"""Scenario `pages`: what a person with a browser does, reading only."""

from __future__ import annotations

from functools import partial

import _checks
import _seeded
from _context import Context

from openloop.request import Request

LIMIT = _checks.LIMIT


def request(context: Context) -> Request:
    """Mostly pages of single users, on the way there pages of the table, now and then a search or the first page."""
    return context.random.choice(PAGES_DRAWN)(context)


def home(context: Context) -> Request:
    """The first page."""
    return Request("GET", "/", "/", partial(_checks.page, heading="User database", route="/"))


def users(context: Context) -> Request:
    """One page of the table, anywhere in it."""
    after = any_start(context)
    ids = range(after + 1, min(after + LIMIT, context.users) + 1)
    check = partial(
        _checks.users_page, ids=ids, next_page=next_page("/users", context, ids), exact=is_exact(context, ids)
    )
    return Request("GET", f"/users?after={after}&limit={LIMIT}", "/users", check)


def search(context: Context) -> Request:
    """Users by the beginning of their name."""
    prefix, ids, following = any_search(context, "/users")
    check = partial(_checks.users_page, ids=ids, next_page=following, exact=True)
    return Request("GET", f"/users?q={prefix}", "/users?q=", check)


def user(context: Context) -> Request:
    """The page of any seeded user."""
    user_id = context.any_id()
    return Request("GET", f"/users/{user_id}", "/users/{id}", partial(_checks.user_page, user_id=user_id))


PAGES_DRAWN = [home] * 15 + [users] * 30 + [search] * 15 + [user] * 40


def any_start(context: Context) -> int:
    """An id after which a page of seeded users begins; the page is full unless the whole database is smaller."""
    return context.random.randrange(max(context.users - LIMIT + 1, 1))


def is_exact(context: Context, ids: range) -> bool:
    """Whether it is known beforehand all that the page holds: not at the end, where users created later may follow."""
    return len(ids) == LIMIT and ids[-1] < context.users


def next_page(path: str, context: Context, ids: range) -> str | None:
    """The URL of the page after the one that ends with the last of `ids`."""
    return f"{path}?after={ids[-1]}&limit={LIMIT}" if is_exact(context, ids) else None


def any_search(context: Context, path: str) -> tuple[str, list[int], str | None]:
    """A prefix that up to 100 seeded users share, the ids of the first page of them, the URL of the next page."""
    prefix = f"user{context.random.randrange(2, max(context.users, 2) + 1):07d}"[:-2]
    found = _seeded.found_by(prefix, context.users)
    ids = found[:LIMIT]
    if len(found) <= LIMIT:
        return prefix, ids, None
    return prefix, ids, f"{path}?after_username={_seeded.username(ids[-1])}&limit={LIMIT}&q={prefix}"
