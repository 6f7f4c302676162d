"""Scenario `read`: one user by id, as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import _checks
import _seeded

if TYPE_CHECKING:
    from _client import Client


def steps(client: Client) -> Iterator[None]:
    """Any seeded user, again and again."""
    while True:
        user(client)
        yield


def user(client: Client) -> dict[str, Any] | None:
    """Read any seeded user; None where that failed."""
    user_id = client.any_id()
    expected = _seeded.fields(user_id)
    return client.ask("GET", f"/api/users/{user_id}", "/api/users/{id}", lambda answer: _checks.user(answer, expected))
