"""Scenario `blocking`: bystanders who ask for little, beside blockers, which hold up whatever serves them for a while."""

from __future__ import annotations

import dataclasses
import json
import math
import tomllib
from functools import partial
from pathlib import Path
from typing import Any

import _checks
import _read
from _context import Context
from _lifecycle import Steps

from openloop.answer import Answer, equal
from openloop.crowd import Manner
from openloop.request import Request

_ROWS: list[dict[str, Any]] = list(tomllib.loads(Path(__file__).with_name("lab.toml").read_text("utf-8")).values())
ECHOES: dict[str, str] = {
    path: row["echo"] for row in _ROWS if "echo" in row for path in (row["wrong"], row.get("right")) if path
}
"""The field of an answer that repeats how much was asked for, by path."""


def request(context: Context) -> Request:
    """A bystander: whether the app answers, or one user by id, equally often; so is a third one where the kind has one."""
    return context.random.choice((health, _read.request, third) if context.bystander else (health, _read.request))(
        context
    )


def third(context: Context) -> Request:
    """What shows more of one kind than the others do: a small write, or another health check."""
    if context.bystander == WRITE:
        return context.lifecycle.request(CREATE, context.random)
    return Request("GET", context.bystander, context.bystander, _checks.healthy)


def health(_: Context) -> Request:
    """Whether the app answers: the cheapest question that reaches it."""
    return Request("GET", "/healthz", "/healthz", _checks.healthy)


WRITE, CREATE = "write", Steps(("POST",), distance=1)
"""The bystander that writes: it creates users, and nothing else."""

CLIENTS: dict[str, Manner] = {
    "reads slowly": Manner(math.inf, reads=2000),
    "sends slowly": Manner(math.inf, sends=10),
    "hangs up": Manner(0.05),
    "stays": Manner(math.inf, served=True),
}
"""How clients behave that are the trouble themselves, by what a row of lab.toml calls them: until when, and how fast, in bytes
per second."""


def blocker(asked: str, client: str = "", seconds: float = math.inf) -> Request:
    """One that blocks, by its path and query; a client that is the trouble itself leaves within so many seconds."""
    found = _blocker(asked)
    if client:
        manner = CLIENTS[client]
        found.manner = dataclasses.replace(manner, seconds=min(manner.seconds, seconds))
    return found


def _blocker(asked: str) -> Request:
    path, _, query = asked.partition("?")
    _, _, amount = query.partition("=")
    return Request("GET", asked, path, partial(blocked, path=path, amount=int(amount)))


def blocked(answer: Answer, path: str, amount: int) -> None:
    """That it blocked, for as much as was asked for where the answer says so."""
    equal("status", 200, answer.status_code)
    if echo := ECHOES.get(path):
        equal("body", {echo: amount}, json.loads(answer.content or b"null"))
