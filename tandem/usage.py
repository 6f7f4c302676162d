"""What processes use: CPU seconds and memory, read from the kernel without asking them."""

from __future__ import annotations

import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

PROC = Path("/proc")

Usage = dict[int, int]
"""CPU nanoseconds by process id."""


def members(session: int) -> list[int]:
    """Return the ids of all processes of a session: a child that the harness started, and everything that it started."""
    found = []
    for folder in PROC.iterdir():
        if folder.name.isdigit():
            with suppress(OSError, IndexError):
                # the fields after the command name, which stands in parentheses: state, parent, group, session
                if int((folder / "stat").read_text().rpartition(")")[2].split()[3]) == session:
                    found.append(int(folder.name))
    return found


def cpu_nanoseconds(pid: int) -> int:
    """Return the CPU time of a process since its start, threads that have ended included. Raises OSError where there
    is none.

    This is the process's own CPU clock (clock_getcpuclockid(3): the id is ~pid << 3 | 2), the sum that the scheduler
    keeps in nanoseconds and /proc/PID/task/*/schedstat shows by thread, but only for the threads that still live.
    """
    return time.clock_gettime_ns(~pid << 3 | 2)


def read(sessions: Iterable[int]) -> Usage:
    """Return the CPU time of every process of these sessions; one that ends meanwhile is left out."""
    usage: Usage = {}
    for pid in [pid for session in sessions for pid in members(session)]:
        with suppress(OSError):
            usage[pid] = cpu_nanoseconds(pid)
    return usage


def seconds(before: Usage, after: Usage) -> float:
    """Return the CPU seconds used between two readings.

    What a process used that ended in between is not known and not counted.
    """
    return sum(spent - before.get(pid, 0) for pid, spent in after.items()) / 1e9


def memory_bytes(sessions: Iterable[int]) -> int | None:
    """Return the proportional set size of all processes of these sessions; None where the kernel doesn't tell.

    PSS shares the pages that forked workers have in common between them; the resident set size would count them once
    each.
    """
    total = 0
    for pid in [pid for session in sessions for pid in members(session)]:
        try:
            rollup = (PROC / str(pid) / "smaps_rollup").read_text()
        except OSError:
            return None
        total += sum(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:")) * 1024
    return total
