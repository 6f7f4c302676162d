"""Runs a piece of code on a watched loop of either kind, and hands back what was seen."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import uvloop

from stalls.loop import Loop
from stalls.record import Stall
from stalls.requests import InFlight
from stalls.writer import Writer

LOOPS: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {
    "asyncio": asyncio.new_event_loop,
    "uvloop": uvloop.new_event_loop,
}


def watched(loop: str, blocker: Callable[[], Awaitable[object]], threshold: float = 0.1) -> list[Stall]:
    """All stalls of a loop on which this ran as a task of its own."""
    stalls: list[Stall] = []
    writer = Writer(stalls.append)

    async def main() -> None:
        watch = Loop(writer, threshold, InFlight())
        await asyncio.sleep(0.06)
        await asyncio.ensure_future(blocker())
        await asyncio.sleep(0.06)
        watch.stop()
        writer.stop()

    with asyncio.Runner(loop_factory=LOOPS[loop]) as runner:
        runner.run(main())
    return stalls


def longest(stalls: list[Stall]) -> Stall:
    """The one that is meant: a busy machine may make short ones beside it, for which nobody is blamed."""
    return max((stall for stall in stalls if stall.over), key=lambda stall: stall.seconds)
