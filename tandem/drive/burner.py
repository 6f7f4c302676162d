"""A burner: a process beside the stack that keeps its CPU as busy as blockers do, at the same moments, and asks nobody anything.

What it does to bystanders a CPU does that is taken; only what a handler does beyond that is blocking.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tandem.launch import process
from tandem.launch.process import Child
from tandem.paths import PROJECT
from tandem.records.setup import Blocking


def start(blocking: Blocking, window_start: float, cpus: Sequence[int], log: Path) -> Child:
    """Start one for a window, on these CPUs."""
    # fmt: off
    command = [
        sys.executable, "-m", "tandem.drive.burner", "--start", f"{window_start + blocking.before:.6f}",
        "--rate", f"{blocking.rate:g}", "--number", str(blocking.number), "--ms", f"{blocking.milliseconds:g}",
    ]
    # fmt: on
    return Child("burner", command, log=log, cpus=cpus, env=process.environment({}), cwd=PROJECT)


def burn(start: float, rate: float, number: int, seconds: float) -> None:
    """Burn so much CPU time, so many times, from this moment on; whoever is late begins at once, as in a queue."""
    for count in range(number):
        time.sleep(max(0.0, start + count / rate - time.time()))
        until = time.process_time() + seconds
        while time.process_time() < until:
            pass


def main() -> None:
    """Burn as the command line says, then wait to be stopped: a child that ends has failed."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    for name, kind in (("start", float), ("rate", float), ("number", int), ("ms", float)):
        parser.add_argument(f"--{name}", type=kind, required=True)
    given = parser.parse_args()
    burn(given.start, given.rate, given.number, given.ms / 1000)
    while True:
        time.sleep(3600)


if __name__ == "__main__":
    main()
