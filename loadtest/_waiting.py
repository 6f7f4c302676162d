"""Scenario `waiting`: the news about a user, for which the app waits for a slow third party."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

import _checks
import _seeded

if TYPE_CHECKING:
    from _client import Client


def steps(client: Client) -> Iterator[None]:
    """The news about any seeded user; how slow they are is up to the news service."""
    while True:
        user_id = client.any_id()
        check = partial(_checks.news, username=_seeded.username(user_id))
        client.ask("GET", f"/api/users/{user_id}/news", "/api/users/{id}/news", check)
        yield
