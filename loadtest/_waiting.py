"""Scenario `waiting`: the news about a user, for which the app waits for a slow third party."""

from __future__ import annotations

from functools import partial

import _checks
import _seeded
from _context import Context

from openloop.request import Request


def request(context: Context) -> Request:
    """The news about any seeded user; how slow they are is up to the news service."""
    user_id = context.any_id()
    check = partial(_checks.news, username=_seeded.username(user_id))
    return Request("GET", f"/api/users/{user_id}/news", "/api/users/{id}/news", check)
