"""Scenario `blocking`: bystanders who ask for little, beside blockers, which hold up whatever serves them for a while."""

from __future__ import annotations

import json
from functools import partial

import _checks
import _read
from _context import Context

from openloop.answer import Answer, equal
from openloop.request import Request


def request(context: Context) -> Request:
    """A bystander: whether the app answers, or one user by id, equally often."""
    return context.random.choice((health, _read.request))(context)


def health(_: Context) -> Request:
    """Whether the app answers: the cheapest question that reaches it."""
    return Request("GET", "/healthz", "/healthz", _checks.healthy)


def blocker(path: str, milliseconds: int) -> Request:
    """One that blocks for so long."""
    check = partial(blocked, milliseconds=milliseconds)
    return Request("GET", f"{path}?ms={milliseconds}", path, check)


def blocked(answer: Answer, milliseconds: int) -> None:
    """That it blocked."""
    equal("status", 200, answer.status_code)
    equal("body", {"blocked_ms": milliseconds}, json.loads(answer.content or b"null"))
