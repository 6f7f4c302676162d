"""Interference: what went on outside the stack during a window.

Others' CPU is the CPU time of all tasks on the run's CPUs less that of everything of ours. Where it comes from, best first:

1. cgroup v1, the root's `cpuacct.usage_percpu`: exact but for one tick per CPU, counts what ended, and only the run's CPUs
   and the hyperthreads beside them. Who uses other CPUs of a big machine does not disturb.
2. cgroup v2: the groups below the root and the processes in none of them. It counts what ended, but on all CPUs.
3. The CPU clocks of all processes, on all CPUs. What came and went is counted where its parent waited for it.

In a container the others can't be seen: None. The work of the kernel's own threads (write-back, network) belongs to
nobody: a stack that writes much causes it, and only causes outside the stack may count. On cgroup v1, where the total holds
it, it is taken off where the thread ran last on one of these CPUs.

Order: the processes are listed first; then, without anything in between, our clocks and the total. At both ends alike, so that
what we use between clocks and total cancels out, but for a tick per CPU and the time that the readings took. A difference
below 0 within that is 0; one beyond is a fault of this reckoning, and is reported as it is.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import NamedTuple

from tandem import topology
from tandem.observe import kernel, usage
from tandem.observe.usage import ProcessStat, Usage
from tandem.records.block import Interference

TICK_SECONDS = 0.01
"""Longest time between two ticks: how far the scheduler's sums may lag behind (CONFIG_HZ is 100 or more)."""

JUST_STARTED = usage.Spent(0, 0)
"""What a process had used that was not there yet."""


class HostReading(NamedTuple):
    """All sources at one moment; CPU times in nanoseconds, the rest in seconds."""

    moment: float
    took: float  # between the first of our clocks and the total
    generator: Usage
    ours: Usage
    kernel: Usage  # all threads of the kernel
    kernel_here: Usage  # those that ran last on one of these CPUs
    total: int | None
    others: Usage | None  # everyone else's processes, where there is no total
    waiting: kernel.WaitingTimes | None
    steal: float | None
    throttled: float | None
    pressure: float | None


Parts = Sequence[tuple[HostReading, HostReading]]
"""Readings at both ends of each part of some time."""


class Activity(NamedTuple):
    """What others did on the watched CPUs for some seconds."""

    interference: Interference
    busiest: list[str]  # the programs of others that used most CPU, most first, with their share of one CPU


class Watch:
    """Reads what goes on at both ends of a window."""

    def __init__(
        self,
        generator_sessions: Iterable[int],
        own_sessions: Iterable[int],
        cpus: Sequence[int],
        harness: int | None = None,
    ) -> None:
        """Watch the CPUs of a run; everything of ours must be pinned to them.

        Ours are these sessions, the harness (process id; None for this process) and everything that it started.
        """
        self.generator, self.own = set(generator_sessions), set(own_sessions)
        self.harness = os.getpid() if harness is None else harness
        self.cpus = list(cpus)
        self.watched = topology.with_siblings(cpus)

    def begin(self) -> None:
        """Read at the beginning."""
        self._before = self.read()

    def end(self) -> Interference:
        """Read at the end; may be called again for a longer window."""
        return self.over([(self._before, self.read())])

    def over(self, parts: Parts, generator: int | None = None) -> Interference:
        """Return the interference over some parts of time, from the readings at the ends of each.

        `generator` is the process of the one that sends, where others wait for their turns: these wake up now and then, for a
        moment, and wait for the CPU that it has. Who waits for whom then says nothing about it.
        """
        wall = math.fsum(after.moment - before.moment for before, after in parts)
        return Interference(
            generator_waiting_share=_total(parts, wall, partial(_waited, generator)),
            generator_cpu_share=math.fsum(usage.seconds(before.generator, after.generator) for before, after in parts)
            / wall,
            others_cpu_share=self._others_share(parts, wall),
            steal_share=_total(parts, wall * len(self.cpus), lambda *both: _difference(*(each.steal for each in both))),
            throttled_share=_total(parts, wall, lambda *both: _difference(*(each.throttled for each in both))),
            pressure_share=_total(parts, wall, lambda *both: _difference(*(each.pressure for each in both))),
        )

    def read(self, processes: Sequence[ProcessStat] | None = None) -> HostReading:
        """Read now, of processes that were listed just before or are listed here."""
        processes = usage.scan() if processes is None else processes
        generator = [each for each in processes if each.session in self.generator]
        mine = usage.tree({*self.generator, *self.own, self.harness}, processes)
        kernel_threads = [each for each in processes if each.kernel]
        began = time.monotonic()
        ours_spent = usage.spent(each for each in processes if each.pid in mine)
        total, kernel_spent = self._total(processes, kernel_threads)
        moment = time.monotonic()
        return HostReading(
            moment=moment,
            took=moment - began,
            generator={each.id: ours_spent[each.id] for each in generator if each.id in ours_spent},
            ours=ours_spent,
            kernel=kernel_spent,
            kernel_here={
                each.id: kernel_spent[each.id]
                for each in kernel_threads
                if each.id in kernel_spent and each.cpu in self.watched
            },
            total=total,
            others=everyone_else(processes, mine) if total is None else None,
            waiting=kernel.waiting(each.pid for each in generator),
            steal=kernel.steal_seconds(self.cpus),
            throttled=kernel.throttled_seconds(),
            pressure=kernel.pressure_seconds(),
        )

    def _total(
        self, processes: Iterable[ProcessStat], kernel_threads: Iterable[ProcessStat]
    ) -> tuple[int | None, Usage]:
        """Return the CPU time of all tasks, and of the kernel's threads as far as it is part of it."""
        total = kernel.per_cpu_nanoseconds(self.watched)
        if total is not None:
            return total, usage.spent(kernel_threads)
        groups = kernel.by_group()
        if groups is None:
            return None, {}
        in_groups, outside = groups
        loose = usage.spent(each for each in processes if each.pid in outside and not each.kernel)
        return in_groups + sum(each.own for each in loose.values()), {}

    def _others_share(self, parts: Parts, wall: float) -> float | None:
        """Return the CPU time of everyone else, as a share of a time."""
        share = _total(parts, wall, _others)
        if share is None or parts[0][0].total is None:
            return share
        # What is inexact at one reading has nothing to do with what is at another.
        skew = math.hypot(*(before.took + after.took + 2 * TICK_SECONDS for before, after in parts)) * len(self.watched)
        return 0.0 if -skew <= share * wall < 0 else share


def _others(before: HostReading, after: HostReading) -> float | None:
    """Return the CPU seconds of everyone else."""
    if before.total is not None and after.total is not None:
        mine = usage.seconds(before.ours, after.ours) + usage.seconds(before.kernel, after.kernel_here)
        return (after.total - before.total) / 1e9 - mine
    if before.others is not None and after.others is not None:
        return usage.seconds(before.others, after.others)
    return None


def everyone_else(processes: Iterable[ProcessStat], mine: set[int]) -> Usage | None:
    """Return the CPU time of everyone else's processes; None where not all processes can be seen."""
    if not kernel.all_processes_are_visible():
        return None
    return usage.spent(each for each in processes if each.pid not in mine and not each.kernel)


def watch_host(cpus: Sequence[int], seconds: float, harness: int | None = None) -> Activity:
    """Watch these CPUs for some seconds; see `Watch` for what is ours."""
    watch = Watch([], [], cpus, harness)
    before = usage.spent(usage.scan())
    watch.begin()
    time.sleep(seconds)
    interference = watch.end()
    processes = usage.scan()
    mine = usage.tree([watch.harness], processes)
    others = [each for each in processes if each.pid not in mine and not each.kernel and each.cpu in watch.watched]
    # Their own time only: that of a child that they waited for may be older than the look.
    used = {
        f"{each.name} ({each.pid})": (now.own - before.get(each.id, JUST_STARTED).own) / 1e9 / seconds
        for each in others
        for now in usage.spent([each]).values()
    }
    return Activity(interference, busiest(used))


def busiest(used: dict[str, float], most: int = 3) -> list[str]:
    """Return the programs that used at least 1 % of a CPU, such as `cc1 (4711) 61 %`, most first."""
    ranked = sorted(used.items(), key=lambda item: -item[1])
    return [f"{name} {100 * share:.0f} %" for name, share in ranked[:most] if share >= 0.01]


def _waited(generator: int | None, before: HostReading, after: HostReading) -> float | None:
    if before.waiting is None or after.waiting is None:
        return None
    then, now = (
        {task: waited for task, waited in each.items() if generator in (None, task[0])}
        for each in (before.waiting, after.waiting)
    )
    return kernel.waited_seconds(then, now)


def _difference(before: float | None, after: float | None) -> float | None:
    return None if before is None or after is None else after - before


def _total(parts: Parts, wall: float, of: Callable[[HostReading, HostReading], float | None]) -> float | None:
    """Return the sum over all parts as a share of a time; None where it is unknown for any part."""
    found = [of(before, after) for before, after in parts]
    return None if None in found else math.fsum(each for each in found if each is not None) / wall
