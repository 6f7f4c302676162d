"""Scenario `read`: one user by id, as JSON."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import _checks
import _seeded
from _request import Request

if TYPE_CHECKING:
    from _asker import Asker


def ask(asker: Asker) -> Request:
    """Any seeded user."""
    user_id = asker.any_id()
    check = partial(_checks.user, expected=_seeded.fields(user_id))
    return Request("GET", f"/api/users/{user_id}", "/api/users/{id}", check)
