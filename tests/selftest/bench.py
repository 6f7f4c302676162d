"""The bench: one toy behind the real nginx, measured block by block by the real harness and the real Locust."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, NamedTuple

from openloop.format import Samples
from tandem.drive import command
from tandem.drive.command import Drive
from tandem.drive.generator import Generator
from tandem.experiments.bench import Bench
from tandem.experiments.rig import Rig
from tandem.launch import nginx
from tandem.launch.process import Children
from tandem.observe import samples
from tandem.plan import cpu_layout
from tandem.plan.order import Slot
from tandem.plan.run import Plan
from tandem.records.block import Block
from tandem.records.setup import Load
from tests.selftest import toy

USERS = 100
TOY = "toy"
LEFT, RIGHT = "left", "right"
"""Toys that are started where two take turns."""


class Measured(NamedTuple):
    """A block, with all that the generator saw."""

    block: Block
    whole: Samples  # of the whole run of Locust, warm-up included
    status: int  # Locust's exit status


def load(
    rate: float,
    seconds: float,
    *,
    scenario: str = "read",
    warmup: float = 1,
    arrivals: Literal["poisson", "uniform"] = "poisson",
    in_flight: int = 1000,
    timeout: float = 10,
) -> Load:
    """Return an open load."""
    return Load(
        scenario=scenario, arrivals=arrivals, rate=rate, in_flight=in_flight, timeout_seconds=timeout,
        warmup_seconds=warmup, seconds=seconds,
    )  # fmt: skip


def saturating(seconds: float, in_flight: int = 64, scenario: str = "read") -> Load:
    """Return a load that saturates."""
    return Load(
        scenario=f"{scenario} at saturation", drives=scenario, arrivals="closed", rate=0, in_flight=in_flight,
        timeout_seconds=10, warmup_seconds=1, seconds=seconds,
    )  # fmt: skip


class ToyBench:
    """A toy that runs, and the machinery to measure it."""

    def __init__(self, rig: Rig, stack: Bench) -> None:
        self.stack, self.rig, self.running = stack, rig, stack.running
        self.layout = self.rig.plan.layout
        self._blocks = 0

    def block(
        self, load: Load, manner: str = "", drive: Drive | None = None, kind: type[Generator] = Generator
    ) -> Measured:
        """Measure one block of the toy in this manner, under this load.

        `drive` is another way to put it to Locust, `kind` a generator with something wrong.
        """
        self._blocks += 1
        toy.become(self.running.port, manner)
        with Children() as children, self.pinned():
            generator = self._prepare(kind, drive or command.drive(load))
            children.add(generator.child)
            generator.loaded()
            self.stack.generators = {load.scenario: generator}
            block = self.stack.measure(load, Slot(round=self._blocks, attempt=1, position=1))
        return Measured(block, samples.read(self.rig.folder / block.samples), generator.child.popen.returncode)

    def samples(self, measured: Measured) -> Samples:
        """Return the samples of the block's window."""
        assert measured.block.window_start is not None
        assert measured.block.window_end is not None
        return samples.within(measured.whole, measured.block.window_start, measured.block.window_end)

    def folder(self, name: str) -> Path:
        """Return a new folder."""
        folder = self.rig.work / name
        folder.mkdir()
        return folder

    def _prepare(self, kind: type[Generator], drive: Drive) -> Generator:
        return kind.prepare(
            drive,
            load_test=self.running.application.load_test,
            host=self.running.url,
            key=f"selftest-{self._blocks}",
            users=USERS,
            samples=self.rig.work / f"{self._blocks}.csv.gz",
            log=self.rig.logs / f"locust-{self._blocks}.log",
            cpus=self.layout.generator,
        )

    @contextmanager
    def pinned(self) -> Iterator[None]:
        """Keep this process off the stack's CPU, as `tandem compare` does."""
        before = os.sched_getaffinity(0)
        os.sched_setaffinity(0, self.layout.harness)
        try:
            yield
        finally:
            os.sched_setaffinity(0, before)


@contextmanager
def bench_in(folder: Path) -> Iterator[ToyBench]:
    """Start the toy, and stop it and all that belongs to it at the end."""
    definitions = {name: toy.definition() for name in (TOY, LEFT, RIGHT)}
    plan = Plan(
        profile="selftest", definitions=definitions, baseline=TOY, loads=[], headlines=[], rounds=1,
        extension=0, seed=1, users=USERS, layout=cpu_layout.layout(1),
    )  # fmt: skip
    ours = Rig(plan, folder, nginx.find())
    with ours.ready(), ours.stack(TOY) as stack:
        stack.start()
        yield ToyBench(ours, stack)


def ms(value: float | None) -> str:
    """Return a time as text."""
    return "not reached" if value is None else f"{value:.2f}\u00a0ms"


def percent(share: float | None, decimals: int = 1) -> str:
    """Return a share as text."""
    return "unknown" if share is None else f"{100 * share:.{decimals}f}\u00a0%"
