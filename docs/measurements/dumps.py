"""Dump the stacks of a process with py-spy, from outside, at a fixed interval: `python docs/measurements/dumps.py PID`.

It says `ready` after the first, and prints all others as a list in JSON when its input ends. py-spy calls no loop held. Who
reads its dumps does: two in a row, an interval apart, find the loop's thread at work. That is what `stood()` counts.
"""

from __future__ import annotations

import json
import os
import re
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

DUMP_SECONDS = 0.1
"""Seconds from one dump to the next, or as long as one takes."""

FOLDERS = (Path(__file__).parents[2] / "build" / "detectors" / "bin", Path(sys.executable).parent)
"""Where py-spy may have been installed, beside the path."""

_MAIN = re.compile(r'^Thread [^\n]*"MainThread"[^\n]*\n((?:[ \t]+[^\n]*\n?)*)', re.MULTILINE)
_FRAME = re.compile(r"^\s+(\S+) \((.+?)(?::\d+)?\)\s*$", re.MULTILINE)


def program() -> str | None:
    """Where py-spy is; None where it is not installed."""
    return shutil.which("py-spy", path=os.pathsep.join([*map(str, FOLDERS), os.environ.get("PATH", "")]))


def of_loop(dump: str) -> str:
    """What a dump shows of the thread that the loop runs in, the main one; innermost frame first."""
    found = _MAIN.search(dump)
    return found[1] if found else ""


def is_waiting(thread: str) -> bool:
    """Whether the loop itself waits: asyncio's in the selector that it called, uvloop's without a frame of its own."""
    frames = _FRAME.findall(thread)[:2]
    if not frames:
        return True  # nothing of it could be read
    (name, file), (caller, _) = frames[0], frames[-1]
    if file.endswith("asyncio/runners.py"):
        return True
    return name.endswith("select") and caller.endswith("_run_once")


def stood(dumps: Sequence[str]) -> list[str]:
    """The loop's thread in each dump that finds it at work as the one before did."""
    threads = [of_loop(dump) for dump in dumps]
    return [thread for before, thread in pairwise(threads) if not is_waiting(before) and not is_waiting(thread)]


def dump(pid: int) -> str:
    """One dump. Raises SystemExit with what py-spy says where it makes none."""
    command = [program() or "py-spy", "dump", "--pid", str(pid)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"py-spy made no dump: {done.stderr.strip()}")
    return done.stdout


def main() -> None:
    """Dump until the input ends."""
    pid, dumps = int(sys.argv[1]), []
    if hasattr(os, "sched_setaffinity"):  # on any CPU, wherever the watched process is bound to
        os.sched_setaffinity(0, range(os.cpu_count() or 1))
    dump(pid)
    print("ready", flush=True)
    due = time.monotonic()
    while not select.select([sys.stdin], [], [], max(0.0, due - time.monotonic()))[0]:
        due = max(due + DUMP_SECONDS, time.monotonic())
        dumps.append(dump(pid))
    print(json.dumps(dumps))


if __name__ == "__main__":
    main()
