"""Scenario `login`: half of those who come log in, which keeps a CPU busy; the others show what that does to everybody else."""

from __future__ import annotations

from functools import partial

import _checks
import _seeded
from _context import Context

from openloop.request import Request


def request(context: Context) -> Request:
    """A login or a question that costs next to nothing, equally often."""
    return context.random.choice((log_in, health))(context)


def log_in(context: Context) -> Request:
    """Any seeded user, with the right password."""
    username = _seeded.username(context.any_id())
    check = partial(_checks.logged_in, username=username, tokens=context.tokens)
    return Request("POST", "/api/login", "/api/login", check, {"username": username, "password": _seeded.PASSWORD})


def health(_: Context) -> Request:
    """Whether the app answers: neither database nor password is in it."""
    return Request("GET", "/healthz", "/healthz", _checks.healthy)
