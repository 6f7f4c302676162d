"""Scenario `import`: files of users are imported, and what that does to everybody else, who reads."""

from __future__ import annotations

import _read
from _context import Context

from openloop.request import Request

WEIGHTS = {"import": 3, "find": 3, "read": 94}
"""How often each happens, of 100 requests. `find` looks for a user of a file that was imported before."""


def request(context: Context) -> Request:
    """One of the above, drawn by weight."""
    kind = context.random.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
    if kind == "import":
        return context.lifecycle.files.send(context.random)
    read = _read.request(context)
    return context.lifecycle.files.find(context.random, read) if kind == "find" else read
