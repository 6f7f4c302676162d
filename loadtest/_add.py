"""Scenario `add`: the sum of two numbers, for which an app needs nothing behind it."""

from __future__ import annotations

from functools import partial

import _checks
from _context import Context

from openloop.request import Request


def request(context: Context) -> Request:
    """Two numbers, other ones each time."""
    a, b = context.random.randrange(1_000_000), context.random.randrange(1_000_000)
    return Request("GET", f"/api/add?a={a}&b={b}", "/api/add", partial(_checks.total, expected=a + b))
