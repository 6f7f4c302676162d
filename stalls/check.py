"""For tests: what held the loop while something ran on it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from .loop import Loop
from .record import Stall
from .requests import InFlight
from .settings import THRESHOLD
from .writer import Writer


@asynccontextmanager
async def watched(threshold: float = THRESHOLD) -> AsyncIterator[list[Stall]]:
    """The stalls of the running loop meanwhile, in seconds of `threshold` or more; complete when it is left."""
    stalls: list[Stall] = []
    writer = Writer(stalls.append)
    watch = Loop(writer, threshold, InFlight())
    await asyncio.sleep(threshold / 2)  # the heart must beat before it can be late
    try:
        yield stalls
    finally:
        await asyncio.sleep(threshold / 2)
        watch.stop()
        writer.stop()
