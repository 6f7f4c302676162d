"""Who finds the line that holds a loop: `python docs/measurements/stalls.py` prints the Markdown tables.

The lines are planted, in `tests/stalls/blockers.py`. Each detector watches a loop of its own process, on which the same
blockers run, by turns in random order. Others than `stalls` count as right where the planted line stands anywhere in what
they report; `stalls` only where it names that line first.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib.util
import json
import logging
import random
import re
import subprocess
import sys
import time
import traceback
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import uvloop

sys.path.insert(0, str(Path(__file__).parents[2]))

from stalls.asgi import StallsMiddleware
from stalls.loop import Loop
from stalls.record import Stall
from stalls.requests import InFlight
from stalls.writer import Writer
from tests.stalls import blockers
from tests.stalls.blockers import Blocker, line_of

THRESHOLD = 0.1
LOOPS = {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}
BLOCKERS: dict[str, Blocker] = {
    "sleep": blockers.sleep,
    "read of a socket": blockers.read_socket,
    "another program": blockers.run_program,
    "lock": blockers.lock,
    "compute": blockers.compute,
    "native call with the GIL": blockers.hold_the_gil,
    "many short callbacks": blockers.many_short,
    "garbage collection": blockers.collect,
    "another thread with the GIL": blockers.another_holds_the_gil,
}
PLANTED = {name: line_of(blocker) for name, blocker in BLOCKERS.items() if name in list(BLOCKERS)[:6]}
"""Those that have one line to be named."""

Reports = list[str]


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
        reports.append(f"{stall.lines[0]}:" if stall.lines else f"{stall.kind}, suspect={stall.suspect}:")

    writer = Writer(tell)
    watch = Loop(writer, THRESHOLD, InFlight())
    await asyncio.sleep(0.05)
    yield
    await asyncio.sleep(0.05)
    watch.stop()
    writer.stop()


@asynccontextmanager
async def debug_mode(reports: Reports) -> AsyncIterator[None]:
    """asyncio's own: `loop.set_debug(True)`."""
    loop, handler = asyncio.get_running_loop(), Collected(reports)
    loop.slow_callback_duration = THRESHOLD
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
        async with no_event_loop_blocking("raise", threshold=THRESHOLD, check_interval=0.01):
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
            threshold_ms=THRESHOLD * 1000,
            on_slow_task=lambda event: _told_by_aiocop.append(repr(event)) if event.exceeded_threshold else None,
        )
        aiocop.activate()
        await asyncio.sleep(0.05)
    _told_by_aiocop.clear()
    yield
    await asyncio.sleep(0.05)
    reports.extend(_told_by_aiocop)


DETECTORS: dict[str, Callable[[Reports], Any]] = {
    "stalls": ours,
    "asyncio debug": debug_mode,
    "blockbuster": blockbuster,
    "pyleak": pyleak,
    "aiocop": aiocop,
}


def names(report: str, planted: str) -> bool:
    """Whether a report has the planted line, however it writes lines."""
    file, _, number = planted.rpartition(":")
    return bool(re.search(rf"{Path(file).name}(:|\", line |', |, line ){number}\b", report))


async def one(detector: str, blocker: Blocker) -> Reports:
    """What a detector reports while a blocker runs as a task of its own."""
    reports: Reports = []
    async with DETECTORS[detector](reports):
        await asyncio.ensure_future(blocker())
    return reports


async def clean() -> None:
    """What holds nothing."""
    await asyncio.gather(*(asyncio.sleep(number / 100) for number in range(35)))


def measure(detector: str, loop: str, rounds: int) -> dict[str, Counter[str]]:
    """What was caught, what was named, and what was said of a loop that was not held."""
    counts = {name: Counter[str]() for name in [*BLOCKERS, "clean"]}
    turns = [*BLOCKERS, "clean"] * rounds
    random.shuffle(turns)
    with asyncio.Runner(loop_factory=LOOPS[loop]) as runner:
        for name in turns:
            reports = runner.run(one(detector, BLOCKERS.get(name, clean)))
            counts[name].update(caught=int(bool(reports)), turns=1)
            if name in PLANTED:
                counts[name]["right"] += any(
                    names(report, PLANTED[name]) for report in reports if "suspect=" not in report
                )
                counts[name]["suspect"] += any(names(report, PLANTED[name]) for report in reports)
    return counts


async def _nothing(scope: object, receive: object, send: object) -> None:
    """An app that answers nothing."""


async def cost(watched: bool, requests: int = 20_000) -> tuple[float, float]:
    """CPU of the process: microseconds per request of an app that does nothing, and milliseconds per second that waits."""
    app = StallsMiddleware(_nothing, lambda stall: None) if watched else _nothing
    scope: dict[str, Any] = {"type": "http", "method": "GET", "path": "/", "headers": [(b"host", b"localhost")] * 8}
    await app(scope, None, None)  # type: ignore[arg-type]  # neither is called
    began = time.process_time()
    for _ in range(requests):
        await app(scope, None, None)  # type: ignore[arg-type]  # the same
    per_request = (time.process_time() - began) / requests * 1e6
    began = time.process_time()
    await asyncio.sleep(2)
    waiting = (time.process_time() - began) / 2 * 1e3
    if isinstance(app, StallsMiddleware):
        app.stop()
    return per_request, waiting


def cell(name: str, count: Counter[str]) -> str:
    """Right line, and what was caught without it; in brackets what was caught where there is no line to name."""
    if name not in PLANTED:
        return f"({count['caught']} of {count['turns']})"
    more = [
        f"{number} {what}"
        for number, what in (
            (count["suspect"] - count["right"], "as a suspect"),
            (count["caught"] - count["suspect"], "caught without it"),
        )
        if number
    ]
    return ", ".join([f"{count['right']} of {count['turns']}", *more])


def table(found: dict[tuple[str, str], dict[str, Counter[str]]]) -> str:
    """Rows are kinds, columns are detectors."""
    rows = [f"| | {' | '.join(f'{detector}, {loop}' for detector, loop in found)} |", f"|---|{'---|' * len(found)}"]
    for name in [*BLOCKERS, "clean"]:
        cells = [cell(name, counts[name]) for counts in found.values()]
        rows.append(f"| {'nothing is held' if name == 'clean' else name} | {' | '.join(cells)} |")
    return "\n".join(rows)


def main() -> None:
    """Measure all, or one detector on one loop in this process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--one", nargs=2, metavar=("DETECTOR", "LOOP"))
    options = parser.parse_args()
    if options.one:
        print(json.dumps(measure(*options.one, options.rounds)))
        return
    found: dict[tuple[str, str], dict[str, Counter[str]]] = {}
    for detector in DETECTORS:
        if detector in ("pyleak", "aiocop") and importlib.util.find_spec(detector) is None:
            continue
        for loop in LOOPS:
            command = [sys.executable, __file__, "--rounds", str(options.rounds), "--one", detector, loop]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                print(f"{detector} on {loop} failed: {done.stderr[-300:]}", file=sys.stderr)
                continue
            read = json.loads(done.stdout.splitlines()[-1])
            found[detector, loop] = {name: Counter(counts) for name, counts in read.items()}
    print(table(found))
    for loop, factory in LOOPS.items():
        with asyncio.Runner(loop_factory=factory) as runner:
            bare, watched = runner.run(cost(False)), runner.run(cost(True))
        print(
            f"\n{loop}: {watched[0] - bare[0]:.1f} µs of CPU per request, {watched[1] - bare[1]:.1f} ms per second that waits"
        )


if __name__ == "__main__":
    main()
