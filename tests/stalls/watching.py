"""Runs a piece of code on a watched loop of either kind, and hands back what was seen."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import uvloop

from stalls import check
from stalls.record import Stall

LOOPS: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {
    "asyncio": asyncio.new_event_loop,
    "uvloop": uvloop.new_event_loop,
}


def watched(loop: str, blocker: Callable[[], Awaitable[object]], threshold: float = 0.1) -> list[Stall]:
    """All stalls of a loop on which this ran as a task of its own."""

    async def main() -> list[Stall]:
        async with check.watched(threshold) as stalls:
            await asyncio.ensure_future(blocker())
        return stalls

    with asyncio.Runner(loop_factory=LOOPS[loop]) as runner:
        return runner.run(main())


def longest(stalls: list[Stall]) -> Stall:
    """The one that is meant: a busy machine may make short ones beside it, for which nobody is blamed."""
    return max((stall for stall in stalls if stall.over), key=lambda stall: stall.seconds)
