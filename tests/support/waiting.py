"""Waiting for what comes true in its own time: asked again and again, and given up after far longer than it takes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

Asked = TypeVar("Asked")

PATIENCE = 120.0
"""Seconds in which anything must have happened; far more than it takes, also on a machine in use."""


def eventually(condition: Callable[[], object], seconds: float = PATIENCE) -> bool:
    """Whether the condition comes true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


async def eventually_async(condition: Callable[[], object], seconds: float = PATIENCE) -> bool:
    """The same, while the event loop goes on."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(0.005)
    return True


def until(ask: Callable[[], Asked], come_true: Callable[[Asked], bool], seconds: float = PATIENCE) -> Asked:
    """Ask until the answer fulfils a condition, and return it; nobody answering counts as not yet."""
    found: list[Asked] = []

    def came_true() -> bool:
        with suppress(OSError):
            found[:] = [ask()]
            return come_true(found[0])
        return False

    assert eventually(came_true, seconds), "this has not come true"
    return found[0]
