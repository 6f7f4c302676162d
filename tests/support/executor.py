"""An executor of a comparison that measures nothing, and comparisons with it."""

from __future__ import annotations

import random
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from tandem.errors import RunFailed
from tandem.experiments.compare import Comparison
from tandem.judge.rounds import Rounds
from tandem.plan.order import RoundAttempt, Slot
from tandem.plan.run import Plan
from tandem.records import journal
from tandem.records.block import Block
from tandem.records.journal import RECORDS, Record
from tandem.records.setup import Calibration, Load
from tests.support import synthetic

SCENARIOS = ("waiting", "everyday")


CALIBRATION = Calibration(
    ceiling_rate=5000, ceiling_cpu_share=0.99, floor_rate=300, floor_p50_ms=0.4, floor_p99_ms=0.9,
    dispatch_lag_p50_ms=0.05, dispatch_lag_p99_ms=0.2, generator_cpu_ms=0.2,
)  # fmt: skip


def a_block(**changes: Any) -> Block:
    """A block of a quiet machine, changed as given."""
    usual = synthetic.round_of(synthetic.run(), random.Random(1), 1)[0]
    return msgspec.structs.replace(usual, **changes)


def disturbed(block: Block) -> Block:
    """The same with something outside the stack beside it, which also took a little CPU."""
    around = synthetic.interference(generator_waiting_share=0.3, generator_cpu_share=0.7)
    return msgspec.structs.replace(block, interference=around)


class Fake:
    """An executor that notes what is asked of it.

    `fail_at` raises `error` in the block with this number, from 1; blocks whose numbers are in `disturbed` are INVALID.
    """

    def __init__(
        self,
        fail_at: int | None = None,
        error: BaseException | None = None,
        refuse: RunFailed | None = None,
        disturbed: Collection[int] = (),
    ) -> None:
        self.fail_at, self.error, self.refuse, self.disturbed = fail_at, error, refuse, disturbed
        self.log: list[str] = []
        self.running: str | None = None
        self.keys: list[tuple[str, str]] = []
        self.measured = 0

    def prove(self) -> int:
        if self.refuse:
            raise self.refuse
        self.log.append("prove")
        return 42

    def calibrate(self) -> Calibration:
        self.log.append("calibrate")
        return CALIBRATION

    @contextmanager
    def stack(self, name: str) -> Iterator[Fake]:
        assert self.running is None, "one stack at a time"
        self.running = name
        self.prepared: list[str] = []
        try:
            yield self
        finally:
            self.running = None
            self.log.append(f"stop {name}")

    def prepare(self, load: Load, key: str) -> None:
        self.prepared.append(load.scenario)
        self.keys.append((load.scenario, key))

    def start(self) -> None:
        assert self.prepared, "its generators load while it starts"
        self.log.append(f"start {self.running}")

    @contextmanager
    def stacks(self, names: Sequence[str]) -> Iterator[Together]:
        assert self.running is None, "none beside those that take turns"
        self.running = "all"
        self.prepared = []
        try:
            yield Together(self, names)
        finally:
            self.running = None
            self.log.append("stop all")

    def measure(self, load: Load, slot: Slot) -> Block:
        assert self.running
        assert not load.slices
        assert load.scenario in self.prepared
        self.log.append(f"{load.scenario} {self.running} {slot.round}")
        return self.block(load, self.running, slot)

    def block(self, load: Load, name: str, slot: Slot) -> Block:
        self.measured += 1
        if self.measured == self.fail_at and self.error:
            raise self.error
        block = a_block(**slot._asdict(), scenario=load.scenario, stack=name)
        return disturbed(block) if self.measured in self.disturbed else block


class Together:
    """All stacks of a round, of which it is noted what is asked of them."""

    def __init__(self, executor: Fake, names: Sequence[str]) -> None:
        self.executor, self.names = executor, names

    def prepare(self, name: str, load: Load, key: str) -> None:
        assert name in self.names
        self.executor.prepare(load, key)

    def measure_alone(self, name: str, load: Load, slot: Slot) -> Block:
        assert not load.slices
        self.executor.log.append(f"{load.scenario} {name} {slot.round}")
        return self.executor.block(load, name, slot)

    def start(self) -> None:
        assert self.executor.prepared, "its generators load while it starts"
        self.executor.log.append("start all")

    def measure(self, load: Load, which: RoundAttempt) -> list[Block]:
        assert load.slices
        assert load.scenario in self.executor.prepared
        self.executor.log.append(f"{load.scenario} all {which.round}")
        slots = [which.slot(position) for position, _ in enumerate(self.names, 1)]
        return [self.executor.block(load, name, slot) for name, slot in zip(self.names, slots, strict=True)]


def comparison(planned: Plan, executor: Fake, folder: Path, said: list[str] | None = None) -> Comparison:
    folder.mkdir(exist_ok=True)
    say = (said if said is not None else []).append
    return Comparison(planned, synthetic.provenance(), executor, folder, say, lambda: executor.log.append("settle"))


def run(planned: Plan, executor: Fake, folder: Path, said: list[str] | None = None) -> list[Record]:
    """Compare and return the records."""
    comparison(planned, executor, folder, said).begin([])
    return list(journal.read(folder / RECORDS))


def resume(planned: Plan, executor: Fake, folder: Path, rounds: int, said: list[str] | None = None) -> list[Record]:
    """Resume a run and return the records."""
    past = Rounds(journal.read(folder / RECORDS))
    comparison(planned, executor, folder, said).resume(past, rounds, [])
    return list(journal.read(folder / RECORDS))


def of_rounds(found: list[Record]) -> list[tuple[int, int]]:
    return list(dict.fromkeys((b.round, b.attempt) for b in found if isinstance(b, Block)))
