"""Stacks that are only curves, and a search for their capacity."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tandem.errors import RunFailed
from tandem.experiments import capacity as searching
from tandem.experiments.capacity import CapacitySearch
from tandem.judge import capacity as judging
from tandem.judge.capacity import Capacities
from tandem.plan.capacity import CapacityPlan
from tandem.plan.order import Slot
from tandem.records.block import Block
from tandem.records.setup import Calibration, Load
from tests.support import synthetic
from tests.support.executor import a_block

Answers = Callable[[str, float], dict[str, object]]


def knees(**at: float) -> Answers:
    """Stacks whose p99 leaps from 20 ms to 2 s beyond a rate of their own."""
    return lambda stack, rate: {"p99_ms": 20.0 if rate <= at[stack] else 2000.0}


class Curves:
    """An executor whose stacks answer as told; `fail_at` breaks off in the block with this number."""

    def __init__(self, answers: Answers, cpu_ms: float = 2.0, fail_at: int = 0) -> None:
        self.answers, self.cpu_ms, self.fail_at = answers, cpu_ms, fail_at
        self.order: list[tuple[str, float]] = []
        self.keys: dict[tuple[float, int], set[str]] = {}

    def prove(self) -> int:
        return 42

    def calibrate(self) -> Calibration | None:
        return None

    @contextmanager
    def stack(self, name: str) -> Iterator[Curves]:
        self.name = name
        yield self

    def prepare(self, load: Load, key: str) -> None:
        self.key = key

    def start(self) -> None:
        pass

    def measure(self, load: Load, slot: Slot) -> Block:
        if len(self.order) + 1 == self.fail_at:
            raise RunFailed("the stack died")
        self.order.append((self.name, load.rate))
        self.keys.setdefault((load.rate, slot.round), set()).add(self.key)
        facts = {**slot._asdict(), "scenario": load.scenario, "stack": self.name}
        if load.saturates:
            cpu = self.cpu_ms * 4 * 500 / 1000
            return a_block(
                **facts, requests=2000, arrivals=2000, saturating=64, app_cpu_seconds=cpu, nginx_cpu_seconds=0.0
            )
        arrivals = int(load.rate * load.seconds)
        return a_block(**facts, arrivals=arrivals, requests=arrivals, **self.answers(self.name, load.rate))


def search(plan: CapacityPlan, executor: Curves, folder: Path, said: list[str] | None = None) -> Capacities:
    """Search from the beginning, and judge what is on disk."""
    folder.mkdir(exist_ok=True)
    run = plan.site.run(synthetic.provenance(command=["tandem", "capacity"]), 42)
    CapacitySearch(plan, executor, folder, (said if said is not None else []).append).begin(run)
    return judging.judge(searching.read(folder))
