"""The command `tandem` as a person runs it: started, interrupted, killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.support.processes import alive, descendants
from tests.support.waiting import eventually

TANDEM = [sys.executable, "-m", "tandem"]
RECORDS = Path("results") / "latest" / "records.jsonl"
LONGEST = 500.0
"""Seconds: less than pytest gives a test (`faulthandler_timeout`), so that a command that hangs is stopped."""


def a_block_is_under_way(pid: int) -> bool:
    """Whether the comparison has its load, its news, an nginx with a worker, and an app, with or without workers of its own."""
    below = descendants(pid)
    lines = []
    for each in below:
        with suppress(OSError):
            lines.append(Path(f"/proc/{each}/cmdline").read_bytes())
    return len(below) >= 5 and any(b"locust" in line for line in lines)


def wait_for(process: subprocess.Popen[str], output: Path, condition: Callable[[], object]) -> None:
    """Wait until a condition holds. How long that may take is for the command to say: it ends where it gives up."""
    came = eventually(lambda: process.poll() is not None or condition(), LONGEST)
    assert came, output.read_text()
    assert process.poll() is None, output.read_text()


@contextmanager
def command(*arguments: str, cwd: Path, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """A running `tandem`, killed at the end if it still runs."""
    with (cwd / "output.txt").open("w") as output:
        process = subprocess.Popen(
            [*TANDEM, *arguments], cwd=cwd, env={**os.environ, **environment}, stdout=output, stderr=output, text=True
        )
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def stop_in_a_block(arguments: Sequence[str], folder: Path, number: signal.Signals) -> int:
    """Send the signal to a comparison that measures its second block; return its status once nothing of it runs any more."""
    records, output = folder / RECORDS, folder / "output.txt"
    with command(*arguments, cwd=folder) as process:
        wait_for(process, output, lambda: records.exists() and b'"type":"block"' in records.read_bytes())
        wait_for(process, output, lambda: a_block_is_under_way(process.pid))
        below = descendants(process.pid)
        process.send_signal(number)
        status = process.wait(timeout=60)
    assert eventually(lambda: not any(map(alive, below))), below
    return status


def assert_it_can_be_reported(folder: Path) -> None:
    """Make the report of a run that was stopped: it says that it is not complete."""
    records = folder / RECORDS
    done = subprocess.run(
        [*TANDEM, "report", str(records.parent)], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    summary = json.loads((records.parent / "summary.json").read_text())
    assert (summary["complete"], summary["trusted"]) == (False, False)
    assert (records.parent / "report.html").stat().st_size > 10_000
