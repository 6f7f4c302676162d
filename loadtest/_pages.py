"""Scenario `pages`: what a person with a browser does, reading only."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import _checks
import _seeded
from _request import Request

if TYPE_CHECKING:
    from _asker import Asker

LIMIT = _checks.LIMIT


def ask(asker: Asker) -> Request:
    """Mostly pages of single users, on the way there pages of the table, now and then a search or the first page."""
    return asker.random.choice(ACTIONS)(asker)


def home(asker: Asker) -> Request:
    """The first page."""
    return Request("GET", "/", "/", partial(_checks.page, heading="User database"))


def users(asker: Asker) -> Request:
    """One page of the table, anywhere in it."""
    after = any_start(asker)
    ids = range(after + 1, min(after + LIMIT, asker.users) + 1)
    check = partial(_checks.users_page, ids=ids, next_page=next_page("/users", asker, ids), exact=is_exact(asker, ids))
    return Request("GET", f"/users?after={after}&limit={LIMIT}", "/users", check)


def search(asker: Asker) -> Request:
    """Users by the beginning of their name."""
    prefix, ids, following = any_search(asker, "/users")
    check = partial(_checks.users_page, ids=ids, next_page=following, exact=True)
    return Request("GET", f"/users?q={prefix}", "/users?q=", check)


def user(asker: Asker) -> Request:
    """The page of any seeded user."""
    user_id = asker.any_id()
    return Request("GET", f"/users/{user_id}", "/users/{id}", partial(_checks.user_page, user_id=user_id))


ACTIONS = [home] * 15 + [users] * 30 + [search] * 15 + [user] * 40


def any_start(asker: Asker) -> int:
    """An id after which a page of seeded users begins; the page is full unless the whole database is smaller."""
    return asker.random.randrange(max(asker.users - LIMIT + 1, 1))


def is_exact(asker: Asker, ids: range) -> bool:
    """Whether it is known beforehand all that the page holds: not at the end, where users created later may follow."""
    return len(ids) == LIMIT and ids[-1] < asker.users


def next_page(path: str, asker: Asker, ids: range) -> str | None:
    """The address of the page after the one that ends with the last of `ids`."""
    return f"{path}?after={ids[-1]}&limit={LIMIT}" if is_exact(asker, ids) else None


def any_search(asker: Asker, path: str) -> tuple[str, list[int], str | None]:
    """A prefix that up to 100 seeded users share, the ids of the first page of them, the address of the next page."""
    prefix = f"user{asker.random.randrange(2, max(asker.users, 2) + 1):07d}"[:-2]
    found = _seeded.found_by(prefix, asker.users)
    ids = found[:LIMIT]
    return prefix, ids, f"{path}?after={ids[-1]}&limit={LIMIT}&q={prefix}" if len(found) > LIMIT else None
