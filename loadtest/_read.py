"""Scenario `read`: one user by id, as JSON."""

from __future__ import annotations

from functools import partial

import _checks
from _context import Context

from openloop.request import Request


def request(context: Context) -> Request:
    """Any seeded user."""
    user_id = context.any_id()
    check = partial(_checks.seeded_user, user_id=user_id)
    return Request("GET", f"/api/users/{user_id}", "/api/users/{id}", check)
