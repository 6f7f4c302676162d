"""What processes use: CPU seconds and memory, read from the kernel without asking them."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import NamedTuple

from tandem.observe import kernel

KERNEL_THREAD = 0x00200000
"""PF_KTHREAD in the flags of /proc/PID/stat (include/linux/sched.h)."""


class Id(NamedTuple):
    """Which process: a number is given again once its process has ended, but to one that started at another time."""

    pid: int
    started: int  # ticks of 10 ms since the machine started


class ProcessStat(NamedTuple):
    """One process as /proc/PID/stat shows it."""

    pid: int
    name: str
    parent: int
    session: int
    kernel: bool  # a thread of the kernel's own
    cpu: int  # the CPU that it ran on last
    reaped: int  # CPU nanoseconds of children that ended and were waited for, in ticks of 10 ms
    started: int  # ticks of 10 ms since the machine started

    @property
    def id(self) -> Id:
        """What tells it from all others, one that had its number before or gets it afterwards included."""
        return Id(self.pid, self.started)


class Spent(NamedTuple):
    """CPU nanoseconds of one process since its start."""

    own: int
    reaped: int


Usage = dict[Id, Spent]
"""CPU time by process."""


def scan() -> list[ProcessStat]:
    """Return all processes that can be seen; one that ends meanwhile is left out."""
    found = []
    for name in os.listdir(kernel.PROC):
        if name.isdigit():
            with suppress(OSError, IndexError, ValueError):
                found.append(_parse(int(name), (kernel.PROC / name / "stat").read_text(errors="replace")))
    return found


def _parse(pid: int, text: str) -> ProcessStat:
    """Read a line of /proc/PID/stat: the command's name stands in parentheses and may hold anything."""
    head, _, tail = text.rpartition(")")
    fields = tail.split()  # field 3 of proc(5) comes first
    tick = 1_000_000_000 // os.sysconf("SC_CLK_TCK")
    return ProcessStat(
        pid=pid,
        name=head.partition("(")[2],
        parent=int(fields[1]),
        session=int(fields[3]),
        kernel=bool(int(fields[6]) & KERNEL_THREAD),
        cpu=int(fields[36]),
        reaped=(int(fields[13]) + int(fields[14])) * tick,
        started=int(fields[19]),
    )


def cpu_nanoseconds(pid: int) -> int:
    """Return the CPU time of a process since its start, threads that have ended included. Raises OSError where there
    is none.

    This is the process's own CPU clock (clock_getcpuclockid(3): the id is ~pid << 3 | 2), the sum that the scheduler
    keeps in nanoseconds and /proc/PID/task/*/schedstat shows by thread, but only for the threads that still live.
    """
    return time.clock_gettime_ns(~pid << 3 | 2)


def spent(processes: Iterable[ProcessStat]) -> Usage:
    """Return the CPU time of these processes; one that has ended meanwhile is left out."""
    usage: Usage = {}
    for process in processes:
        with suppress(OSError):
            usage[process.id] = Spent(cpu_nanoseconds(process.pid), process.reaped)
    return usage


def tree(roots: Iterable[int], processes: Sequence[ProcessStat]) -> set[int]:
    """Return the ids of these processes, of their sessions, and of all that descends from any of them."""
    wanted = set(roots)
    found = wanted | {each.pid for each in processes if each.session in wanted}
    while more := {each.pid for each in processes if each.parent in found} - found:
        found |= more
    return found


def below(roots: Iterable[int], processes: Sequence[ProcessStat] | None = None) -> list[int]:
    """Return the ids of all that descends from these processes, themselves left out."""
    processes = scan() if processes is None else processes
    return sorted((tree(roots, processes) - set(roots)) & {each.pid for each in processes})


def read(roots: Iterable[int], processes: Sequence[ProcessStat] | None = None) -> Usage:
    """Return the CPU time of these processes and of all that descends from them."""
    processes = scan() if processes is None else processes
    wanted = tree(roots, processes)
    return spent(process for process in processes if process.pid in wanted)


def seconds(before: Usage, after: Usage) -> float:
    """Return the CPU seconds used between two readings.

    A process that ended in between counts where one of the others waited for it, as masters do for their workers: the
    kernel adds its whole time to theirs, so what it had used before is taken off again.
    """
    alive = sum(now.own - before.get(id, Spent(0, 0)).own for id, now in after.items())
    reaped = sum(now.reaped - before.get(id, Spent(0, 0)).reaped for id, now in after.items())
    ended = sum(sum(then) for id, then in before.items() if id not in after)
    return (alive + max(0, reaped - ended)) / 1e9


def memory_bytes(pids: Iterable[int]) -> int | None:
    """Return the proportional set size of these processes; None where it is not available.

    PSS shares the pages that forked workers have in common between them; the resident set size would count them once
    each.
    """
    total = 0
    for pid in pids:
        try:
            rollup = (kernel.PROC / str(pid) / "smaps_rollup").read_text()
        except FileNotFoundError:  # it has ended meanwhile
            continue
        except OSError:
            return None
        total += sum(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:")) * 1024
    return total


def strays(pids: Iterable[int], cpus: Iterable[int]) -> int:
    """Count the threads of these processes that may run on other CPUs than these."""
    allowed, found = set(cpus), 0
    for pid in pids:
        with suppress(OSError):
            for task in os.listdir(kernel.PROC / str(pid) / "task"):
                with suppress(OSError):
                    found += not os.sched_getaffinity(int(task)) <= allowed
    return found
