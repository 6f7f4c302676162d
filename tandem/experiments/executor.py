"""What an experiment needs of the machine: proof of sameness, calibration, and stacks that are started, loaded and measured.

`rig.Rig` is the real one; the tests have one that measures nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from tandem.plan.order import RoundAttempt, Slot
from tandem.records.block import Block
from tandem.records.setup import Calibration, Load


class MeasuredStack(Protocol):
    """One stack and the loads for it; an experiment may prepare loads before the stack starts or while it runs."""

    def prepare(self, load: Load, key: str) -> None:
        """Begin to load a generator that waits; the same key asks the same things."""

    def start(self) -> None:
        """Start the stack on a freshly restored database, and warm it."""

    def measure(self, load: Load, slot: Slot) -> Block:
        """Measure one block under a load that was prepared."""


class MeasuredStacks(Protocol):
    """All stacks of a round and the loads for them, which they take in turn."""

    def prepare(self, name: str, load: Load, key: str) -> None:
        """Begin to load a generator for one stack; the same key asks the same things."""

    def start(self) -> None:
        """Start all stacks, each on a freshly restored database, and warm them."""

    def measure_alone(self, name: str, load: Load, slot: Slot) -> Block:
        """Measure one block in one piece, while all other stacks sleep."""

    def measure(self, load: Load, which: RoundAttempt) -> list[Block]:
        """Measure a block of each stack under a load that was prepared, in slices that they take in turn."""


class Executor(Protocol):
    """What starts and measures stacks."""

    def prove(self) -> int:
        """Have every stack answer the probes and return how many there are. Raises RunFailed with the difference."""

    def calibrate(self) -> Calibration | None:
        """Measure what the load generator can do against nginx alone; None where the app has no scenario for that."""

    def stack(self, name: str) -> AbstractContextManager[MeasuredStack]:
        """Hand out a stack that is not yet started, and stop all that belongs to it at the end."""


class RoundExecutor(Executor, Protocol):
    """The same, for rounds of several stacks that take turns."""

    def stacks(self, names: Sequence[str]) -> AbstractContextManager[MeasuredStacks]:
        """Hand out stacks that are not yet started, and stop all that belongs to them at the end."""
