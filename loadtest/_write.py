"""Scenario `write`: users are created, changed, replaced and removed, each kind in turn."""

from __future__ import annotations

from _context import Context
from _lifecycle import Steps

from openloop.request import Request

STEPS = Steps(("POST", "PATCH", "PUT", "DELETE"), distance=40)
"""160 writes from step to step: about 1 s at usual rates, half of it at 300 per second."""


def request(context: Context) -> Request:
    """Create, change, replace or remove."""
    return context.lifecycle.request(STEPS, context.random)
