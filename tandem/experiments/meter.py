"""The meter: what app, nginx and all around them use within a window, and whether that is all that was used on their CPUs."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from tandem.launch.process import Child
from tandem.launch.running_stack import RunningStack
from tandem.observe import interference, kernel, usage, uwsgi
from tandem.observe.interference import TICK_SECONDS
from tandem.observe.usage import ProcessStat, Usage
from tandem.plan.cpu_layout import Layout
from tandem.records.block import Interference


class Reading(NamedTuple):
    """What was used until one moment; the total in nanoseconds, the rest in seconds."""

    moment: float
    took: float
    app: Usage
    nginx: Usage
    database: Usage  # its server's, where it has one of its own
    kernel: Usage  # all threads of the kernel, and what of ours is on the stack's CPUs
    kernel_here: Usage  # those that ran last on one of the stack's CPUs
    total: int | None  # of all tasks, on the stack's CPUs
    strays: int


StackParts = Sequence[tuple[Reading, Reading]]
"""Readings at both ends of each part of some time."""


class Sleeper(NamedTuple):
    """The one that used most of all stacks that were to sleep."""

    share: float  # of one CPU
    name: str


class Metered(NamedTuple):
    """What was used within a window, in CPU seconds, and what went on meanwhile."""

    app: float
    nginx: float
    database: float | None  # None: it has no server of its own
    gap_share: float | None
    strays: int
    interference: Interference
    sleepers: Sleeper | None = None  # of the stacks that were to sleep meanwhile
    ended: int = 0  # processes of the app that were there at the beginning of a part and not at its end
    begun: int = 0  # and the other way round
    told: uwsgi.Replacements | None = None  # what its server itself says of its workers; None: it doesn't


class Gauge:
    """Reads what app and nginx of one stack have used."""

    def __init__(self, stack: RunningStack, layout: Layout, beside: Sequence[Child] = ()) -> None:
        """`beside` are children of ours on the stack's CPUs, which are counted and none of the stack's."""
        self.beside = [each.pid for each in beside]
        self.keepers, self.nginx_pid, self.cpus = stack.keepers(), stack.nginx.pid, layout.stack
        self.database = stack.database.roots if stack.database else []
        self.alone = not {*layout.generator, *layout.harness} & {*layout.stack}

    @property
    def roots(self) -> list[int]:
        """All that the stack's processes descend from."""
        return [*self.keepers, self.nginx_pid, *self.database]

    def read(self, processes: Sequence[ProcessStat]) -> Reading:
        """Read now, of processes that were listed just before."""
        kernel_threads = [each for each in processes if each.kernel]
        here = {each.id for each in kernel_threads if each.cpu in self.cpus}
        stack = [*usage.below([*self.keepers, *self.database], processes), *usage.tree([self.nginx_pid], processes)]
        strays = usage.strays(stack, self.cpus)
        began = time.monotonic()
        roots = (self.keepers, [self.nginx_pid], self.database)
        app, nginx, database = (usage.read(each, processes) for each in roots)
        total = kernel.per_cpu_nanoseconds(self.cpus) if self.alone else None
        moment = time.monotonic()
        spent = usage.spent(kernel_threads)
        at_home = {id: each for id, each in spent.items() if id in here}
        ours = usage.read(self.beside, processes) if self.beside else {}
        spent, at_home = {**spent, **ours}, {**at_home, **ours}
        return Reading(moment, moment - began, app, nginx, database, spent, at_home, total, strays)


class Meter:
    """Reads what app, nginx and all around them use between the two ends of a window."""

    def __init__(
        self,
        stack: RunningStack,
        generator: Child,
        others: Iterable[Child],
        layout: Layout,
        beside: Sequence[Child] = (),
    ) -> None:
        """Read on these CPUs; `others` are ours, too, and those `beside` the stack run on its CPUs."""
        self.gauge, self.stats = Gauge(stack, layout, beside), stack.stats
        own = [*self.gauge.roots, *(each.pid for each in others)]
        self.watch = interference.Watch([generator.pid], own, layout.used())

    def begin(self) -> None:
        """Read at the beginning."""
        self._told = uwsgi.read(self.stats)  # outside of what is metered, as it costs the server a little
        self.watch.begin()
        self._before = self.gauge.read(usage.scan())

    def end(self) -> Metered:
        """Read at the end: CPU seconds in between, the interference, and whether the books balance."""
        parts = [(self._before, self.gauge.read(usage.scan()))]
        found = metered(parts, self.watch.end(), len(self.gauge.cpus))
        return found._replace(told=uwsgi.between(self._told, uwsgi.read(self.stats)))


def metered(parts: StackParts, around: Interference, cpus: int, sleepers: Sleeper | None = None) -> Metered:
    """Put together what was used in some parts of time."""
    return Metered(
        app=math.fsum(usage.seconds(before.app, after.app) for before, after in parts),
        nginx=math.fsum(usage.seconds(before.nginx, after.nginx) for before, after in parts),
        database=math.fsum(usage.seconds(before.database, after.database) for before, after in parts)
        if parts and parts[0][0].database
        else None,
        gap_share=gap_share(parts, cpus),
        strays=max(each.strays for part in parts for each in part),
        interference=around,
        sleepers=sleepers,
        ended=sum(len(before.app.keys() - after.app.keys()) for before, after in parts),
        begun=sum(len(after.app.keys() - before.app.keys()) for before, after in parts),
    )


def gap_share(parts: StackParts, cpus: int) -> float | None:
    """Return by how much the machine saw more, or less, CPU on the stack's CPUs than was counted, as a share of one CPU.

    Less than a tick per CPU and what the readings took is nothing. None where no file of the kernel tells the total by CPU, or
    where the generator or the harness share these CPUs.
    """
    gaps = [_gap(before, after) for before, after in parts]
    if None in gaps:
        return None
    gap = abs(math.fsum(each for each in gaps if each is not None))
    # What is inexact at one reading has nothing to do with what is at another.
    skew = math.hypot(*(before.took + after.took + 2 * TICK_SECONDS for before, after in parts)) * cpus
    return 0.0 if gap <= skew else gap / math.fsum(after.moment - before.moment for before, after in parts)


def _gap(before: Reading, after: Reading) -> float | None:
    if before.total is None or after.total is None:
        return None
    pairs = [(before.app, after.app), (before.nginx, after.nginx), (before.database, after.database)]
    pairs.append((before.kernel, after.kernel_here))
    return (after.total - before.total) / 1e9 - sum(usage.seconds(*pair) for pair in pairs)
