"""Scenario `login`: half of those who come log in, which keeps a CPU busy; the others show what that does to everybody else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import _checks
import _seeded
from _request import Request

if TYPE_CHECKING:
    from _asker import Asker


def ask(asker: Asker) -> Request:
    """A login or a question that costs next to nothing, equally often."""
    return asker.random.choice((log_in, health))(asker)


def log_in(asker: Asker) -> Request:
    """Any seeded user, with the right password."""
    body = {"username": _seeded.username(asker.any_id()), "password": _seeded.PASSWORD}
    return Request("POST", "/api/login", "/api/login", _checks.logged_in, body)


def health(_: Asker) -> Request:
    """Whether the app answers: neither database nor password is in it."""
    return Request("GET", "/healthz", "/healthz", _checks.healthy)
