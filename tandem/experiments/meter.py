"""The meter: what app, nginx and all around them use within a window."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tandem.launch.process import Child
from tandem.launch.running_stack import RunningStack
from tandem.observe import interference, usage


class Meter:
    """Reads what app, nginx and all around them use between the two ends of a window."""

    def __init__(self, stack: RunningStack, generator: Child, others: Iterable[Child], cpus: Sequence[int]) -> None:
        """Read on these CPUs; `others` are ours, too."""
        self.sessions = (stack.app_sessions(), [stack.nginx.pid])
        own = [*stack.app_sessions(), stack.nginx.pid, *(each.pid for each in others)]
        self.watch = interference.Watch([generator.pid], own, cpus)
        self.app = self.nginx = 0.0

    def begin(self) -> None:
        """Read at the beginning."""
        self.watch.begin()
        self._before = [usage.read(each) for each in self.sessions]

    def end(self) -> None:
        """Read at the end: CPU seconds in between, and the interference."""
        after = [usage.read(each) for each in self.sessions]
        self.interference = self.watch.end()
        self.app, self.nginx = map(usage.seconds, self._before, after)
