"""Scenario `export`: the file of all users is sent, and what that does to everybody else, who reads."""

from __future__ import annotations

from functools import partial

import _checks
import _files
import _read
from _context import Context

from openloop.request import Request

SHARE = 0.02
"""Of all requests, those that ask for the file."""


def request(context: Context) -> Request:
    """The file of all users or, mostly, one user."""
    if context.random.random() >= SHARE:
        return _read.request(context)
    check = partial(_checks.file, begin=_files.all_users(context.users))
    return Request("GET", "/api/users/export.csv", "/api/users/export.csv", check)
