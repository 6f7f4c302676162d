"""The meter: what app, nginx and all around them use within a window, and whether that is all that was used on their CPUs."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import NamedTuple

from tandem.launch.process import Child
from tandem.launch.running_stack import RunningStack
from tandem.observe import interference, kernel, usage
from tandem.observe.interference import TICK_SECONDS
from tandem.observe.usage import Usage
from tandem.plan.cpu_layout import Layout


class Reading(NamedTuple):
    """What was used until one moment; the total in nanoseconds, the rest in seconds."""

    moment: float
    took: float
    app: Usage
    nginx: Usage
    kernel: Usage  # all threads of the kernel
    kernel_here: Usage  # those that ran last on one of the stack's CPUs
    total: int | None  # of all tasks, on the stack's CPUs
    strays: int


class Meter:
    """Reads what app, nginx and all around them use between the two ends of a window."""

    def __init__(self, stack: RunningStack, generator: Child, others: Iterable[Child], layout: Layout) -> None:
        """Read on these CPUs; `others` are ours, too."""
        self.keepers, self.nginx_pid, self.cpus = stack.keepers(), stack.nginx.pid, layout.stack
        self.alone = not {*layout.generator, *layout.harness} & {*layout.stack}
        own = [*self.keepers, self.nginx_pid, *(each.pid for each in others)]
        self.watch = interference.Watch([generator.pid], own, layout.used())

    def begin(self) -> None:
        """Read at the beginning."""
        self.watch.begin()
        self._before = self._read()

    def end(self) -> None:
        """Read at the end: CPU seconds in between, the interference, and whether the books balance."""
        before, after = self._before, self._read()
        self.interference = self.watch.end()
        self.app, self.nginx = usage.seconds(before.app, after.app), usage.seconds(before.nginx, after.nginx)
        self.strays = max(before.strays, after.strays)
        self.gap_share = gap_share(before, after, len(self.cpus))

    def _read(self) -> Reading:
        processes = usage.scan()
        kernel_threads = [each for each in processes if each.kernel]
        here = {each.pid for each in kernel_threads if each.cpu in self.cpus}
        stack = [*usage.below(self.keepers, processes), *usage.tree([self.nginx_pid], processes)]
        strays = usage.strays(stack, self.cpus)
        began = time.monotonic()
        app, nginx = (usage.read(roots, processes) for roots in (self.keepers, [self.nginx_pid]))
        total = kernel.per_cpu_nanoseconds(self.cpus) if self.alone else None
        moment = time.monotonic()
        spent = usage.spent(kernel_threads)
        at_home = {pid: each for pid, each in spent.items() if pid in here}
        return Reading(moment, moment - began, app, nginx, spent, at_home, total, strays)


def gap_share(before: Reading, after: Reading, cpus: int) -> float | None:
    """Return by how much the machine saw more, or less, CPU on the stack's CPUs than was counted, as a share of one CPU.

    Less than a tick per CPU and what the readings took is nothing. None where no file of the kernel tells the total by CPU, or
    where the generator or the harness share these CPUs.
    """
    if before.total is None or after.total is None:
        return None
    pairs = [(before.app, after.app), (before.nginx, after.nginx), (before.kernel, after.kernel_here)]
    gap = abs((after.total - before.total) / 1e9 - sum(usage.seconds(*pair) for pair in pairs))
    skew = (before.took + after.took + 2 * TICK_SECONDS) * cpus
    return 0.0 if gap <= skew else gap / (after.moment - before.moment)
