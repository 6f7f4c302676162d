"""Scenario `pages`: what a person with a browser does, reading only."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

import _checks
import _seeded

if TYPE_CHECKING:
    from _client import Client

LIMIT = _checks.LIMIT


def steps(client: Client) -> Iterator[None]:
    """Mostly pages of single users, on the way there pages of the table, now and then a search or the first page."""
    actions = [home] * 15 + [users] * 30 + [search] * 15 + [user] * 40
    while True:
        client.random.choice(actions)(client)
        yield


def home(client: Client) -> None:
    """The first page."""
    client.ask("GET", "/", "/", partial(_checks.page, heading="User database"))


def users(client: Client) -> None:
    """One page of the table, anywhere in it."""
    after = any_start(client)
    ids = range(after + 1, min(after + LIMIT, client.users) + 1)
    check = partial(
        _checks.users_page, ids=ids, next_page=next_page("/users", client, ids), exact=is_exact(client, ids)
    )
    client.ask("GET", f"/users?after={after}&limit={LIMIT}", "/users", check)


def search(client: Client) -> None:
    """Users by the beginning of their name."""
    prefix, ids, following = any_search(client, "/users")
    check = partial(_checks.users_page, ids=ids, next_page=following, exact=True)
    client.ask("GET", f"/users?q={prefix}", "/users?q=", check)


def user(client: Client) -> None:
    """The page of any seeded user."""
    user_id = client.any_id()
    client.ask("GET", f"/users/{user_id}", "/users/{id}", partial(_checks.user_page, user_id=user_id))


def any_start(client: Client) -> int:
    """An id after which a page of seeded users begins; the page is full unless the whole database is smaller."""
    return client.random.randrange(max(client.users - LIMIT + 1, 1))


def is_exact(client: Client, ids: range) -> bool:
    """Whether it is known beforehand all that the page holds: not at the end, where users created later may follow."""
    return len(ids) == LIMIT and ids[-1] < client.users


def next_page(path: str, client: Client, ids: range) -> str | None:
    """The address of the page after the one that ends with the last of `ids`."""
    return f"{path}?after={ids[-1]}&limit={LIMIT}" if is_exact(client, ids) else None


def any_search(client: Client, path: str) -> tuple[str, list[int], str | None]:
    """A prefix that up to 100 seeded users share, the ids of the first page of them, the address of the next page."""
    prefix = f"user{client.random.randrange(2, max(client.users, 2) + 1):07d}"[:-2]
    found = _seeded.found_by(prefix, client.users)
    ids = found[:LIMIT]
    return prefix, ids, f"{path}?after={ids[-1]}&limit={LIMIT}&q={prefix}" if len(found) > LIMIT else None
