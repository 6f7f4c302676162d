"""The detectors that `stalls.py` compares: each watches the running loop of this process while its context lasts."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
import traceback
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from importlib import metadata
from typing import NamedTuple

import dumps
from planted import SUSPECT

from stalls.loop import Loop
from stalls.record import Stall
from stalls.requests import InFlight
from stalls.writer import Writer

STALL_SECONDS = 0.1
"""Seconds from which on a loop is held, for all that can be told so."""

Reports = list[str]
"""What a detector reports, as text with the lines in it."""


class Collected(logging.Handler):
    """What is logged, as reports."""

    def __init__(self, reports: Reports) -> None:
        super().__init__()
        self.reports = reports

    def emit(self, record: logging.LogRecord) -> None:
        """Keep it."""
        self.reports.append(record.getMessage())


@asynccontextmanager
async def ours(reports: Reports) -> AsyncIterator[None]:
    """The watchdog of this repository: the first line, or the kind where it names none."""

    def tell(stall: Stall) -> None:
        reports.append(f"{stall.lines[0]}:" if stall.lines else f"{stall.kind}, {SUSPECT}{stall.suspect}:")

    writer = Writer(tell)
    watch = Loop(writer, STALL_SECONDS, InFlight())
    await asyncio.sleep(0.05)
    yield
    await asyncio.sleep(0.05)
    watch.stop()
    writer.stop()


@asynccontextmanager
async def debug_mode(reports: Reports) -> AsyncIterator[None]:
    """asyncio's own: `loop.set_debug(True)`."""
    loop, handler = asyncio.get_running_loop(), Collected(reports)
    loop.slow_callback_duration = STALL_SECONDS
    logging.getLogger("asyncio").addHandler(handler)
    loop.set_debug(True)
    await asyncio.sleep(0)
    yield
    await asyncio.sleep(0.05)
    loop.set_debug(False)
    logging.getLogger("asyncio").removeHandler(handler)


@asynccontextmanager
async def blockbuster(reports: Reports) -> AsyncIterator[None]:
    """It raises at a call that it knows."""
    from blockbuster import BlockingError, blockbuster_ctx

    with blockbuster_ctx():
        try:
            yield
        except BlockingError as error:
            reports.append("".join(traceback.format_exception(error)))


@asynccontextmanager
async def pyleak(reports: Reports) -> AsyncIterator[None]:
    """Its thread asks the loop, and takes a stack where it doesn't answer."""
    from pyleak import EventLoopBlockError, no_event_loop_blocking

    try:
        async with no_event_loop_blocking("raise", threshold=STALL_SECONDS, check_interval=0.01):
            yield
            await asyncio.sleep(0.15)
    except EventLoopBlockError as error:
        reports.append(str(error))


_told_by_aiocop: Reports = []


@asynccontextmanager
async def aiocop(reports: Reports) -> AsyncIterator[None]:
    """Audit events and a sampler; it patches once, for the whole process."""
    import aiocop

    if not aiocop.is_monitoring_active():
        aiocop.patch_audit_functions()
        aiocop.start_blocking_io_detection(trace_depth=20)
        aiocop.detect_slow_tasks(
            threshold_ms=STALL_SECONDS * 1000,
            on_slow_task=lambda event: _told_by_aiocop.append(repr(event)) if event.exceeded_threshold else None,
        )
        aiocop.activate()
        await asyncio.sleep(0.05)
    _told_by_aiocop.clear()
    yield
    await asyncio.sleep(0.05)
    reports.extend(_told_by_aiocop)


@asynccontextmanager
async def py_spy(reports: Reports) -> AsyncIterator[None]:
    """Somebody outside takes dumps at a fixed interval and reads them."""
    pipe = asyncio.subprocess.PIPE
    taker = await asyncio.create_subprocess_exec(
        sys.executable, dumps.__file__, str(os.getpid()), stdin=pipe, stdout=pipe, limit=2**26
    )
    if taker.stdout is None or await taker.stdout.readline() != b"ready\n":
        raise RuntimeError("py-spy does not work here; what it said stands above")
    yield
    said, _ = await taker.communicate(b"")  # which ends its input
    reports.extend(dumps.stood(json.loads(said)))


class Detector(NamedTuple):
    """One detector."""

    watch: Callable[[Reports], AbstractAsyncContextManager[None]]
    package: str = ""  # under which name it is installed; none: it is here anyway

    def version(self) -> str | None:
        """Its version, empty where it is of this commit or of this Python; None where it is not installed."""
        try:
            return metadata.version(self.package) if self.package else ""
        except metadata.PackageNotFoundError:
            return None


DETECTORS = {
    "stalls": Detector(ours),
    "asyncio debug": Detector(debug_mode),
    "blockbuster": Detector(blockbuster, "blockbuster"),
    "pyleak": Detector(pyleak, "pyleak"),
    "aiocop": Detector(aiocop, "aiocop"),
    "py-spy dump": Detector(py_spy, "py-spy"),
}
