"""A process that is stopped, and one that was forked."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from tandem.paths import PROJECT
from tests.stalls.watching import LOOPS

pytestmark = [pytest.mark.usefixtures("processes"), pytest.mark.parametrize("loop", LOOPS)]

SCRIPT = """
    import asyncio, os, sys, time, uvloop
    from stalls.loop import Loop
    from stalls.requests import InFlight
    from stalls.sink import Sink
    from stalls.writer import Writer

    async def main():
        writer = Writer(Sink(sys.argv[1]))
        watch = Loop(writer, 0.1, InFlight())
        await asyncio.sleep(0.1)
        {body}
        watch.stop()
        writer.stop()

    factory = uvloop.new_event_loop if sys.argv[2] == "uvloop" else asyncio.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(main())
"""

COMPUTE = """
        end = time.thread_time() + 0.05
        print("goes on", flush=True)
        while time.thread_time() < end: pass
        await asyncio.sleep(0.1)
"""
IDLE = """
        print("goes on", flush=True)
        await asyncio.sleep(0.5)
        await asyncio.sleep(0.1)
"""
FORK = """
        time.sleep(0.3)
        await asyncio.sleep(0.1)
        child = os.fork()
        if child == 0:
            def leave():
                watch.stop()
                writer.stop()
                os._exit(0)
            loop = watch.loop  # asyncio lets no task of the parent go on in the child, but the loop and its timers do
            loop.call_later(0.1, lambda: time.sleep(0.4))
            loop.call_later(0.8, leave)
            await loop.create_future()
        os.waitpid(child, 0)
        print(os.getpid(), child, flush=True)
        await asyncio.sleep(0.1)
"""


def started(body: str, file: Path, loop: str) -> subprocess.Popen[str]:
    script = textwrap.dedent(SCRIPT.format(body=body.strip()))
    return subprocess.Popen(
        [sys.executable, "-c", script, str(file), loop], stdout=subprocess.PIPE, text=True, cwd=PROJECT
    )


def rows(file: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in file.read_text().splitlines()]


@pytest.mark.parametrize("body", [COMPUTE, IDLE], ids=["computing", "idle"])
def test_nobody_is_blamed_for_what_a_stopped_process_did_not_do(loop: str, body: str, tmp_path: Path) -> None:
    """Neither the code that it was stopped in, nor the idle loop."""
    with started(body, tmp_path / "stalls", loop) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGSTOP)
        time.sleep(1.5)
        process.send_signal(signal.SIGCONT)
        assert process.wait(30) == 0
    (stopped,) = [row for row in rows(tmp_path / "stalls") if row.get("seconds", 0) >= 1.4]  # type: ignore[operator]  # JSON
    assert (stopped["kind"], stopped["lines"]) == ("descheduled", [])


def test_a_forked_process_is_watched_anew(loop: str, tmp_path: Path) -> None:
    """Its stalls are counted from one, and written under its own process id."""
    with started(FORK, tmp_path / "stalls", loop) as process:
        told, _ = process.communicate(timeout=30)
        assert process.returncode == 0
    parent, child = map(int, told.split())
    found = [row for row in rows(tmp_path / "stalls") if row["type"] == "stall" and row["kind"] == "wait"]
    assert [row["pid"] for row in found] == [parent, child, parent]
    lines = [row["lines"][0]["inside"] for row in found]  # type: ignore[index]  # JSON
    assert lines == ["sleep", "sleep", "waitpid"]
