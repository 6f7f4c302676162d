"""How often the headlines of a profile would be decided, at the differences and the scatter that a run found: simulated.

`python -m tests.selftest.decided [FOLDER]` prints tables like those of docs/method.md, the second and the third of the run in
FOLDER or of the sample run.
"""

from __future__ import annotations

import math
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import fmean, stdev
from typing import NamedTuple

import msgspec

from tandem import statistics
from tandem.judge import harm
from tandem.judge.metrics import LATE, METRICS
from tandem.judge.summary import summarise
from tandem.judge.verdict import compare
from tandem.observe import phases, samples
from tandem.paths import PROJECT
from tandem.records import journal
from tandem.records.block import Block
from tandem.records.setup import Run

SAMPLE = PROJECT / "docs" / "sample"
SCATTERS, RATIOS = (0.02, 0.05, 0.1, 0.15), (1.0, 1.15, 1.25, 1.5, 2.0)


class Shape(NamedTuple):
    """What decides of a profile: its rounds, its ratios that share the error, and whether it is quick."""

    name: str
    rounds: int
    ratios: int

    @property
    def quick(self) -> bool:
        return self.name == "quick"


SHAPES = (Shape("quick", 7, 3), Shape("standard", 9, 11), Shape("full", 10, 24))


class Seen(NamedTuple):
    """A ratio as a run saw it."""

    scenario: str
    metric: str
    ratio: float
    scatter: float  # standard deviation of the log ratio over rounds


def decided(shape: Shape, ratio: float, scatter: float, runs: int, metric: str = "cpu", seed: int = 1) -> float:
    """Return in which part of such runs a ratio gets a verdict that decides, log ratios being normal."""
    random_ = random.Random(f"{shape} {ratio} {scatter} {seed}")
    found = 0
    for _ in range(runs):
        values = {number: ratio * math.exp(random_.gauss(0, scatter)) for number in range(shape.rounds)}
        judged = compare(
            values, scenario="", metric=METRICS[metric], stack="b", baseline="a", kind="headline", headlines=shape.ratios,
            not_judged=None, quick=shape.quick,
        )  # fmt: skip
        found += judged.verdict in ("better", "worse", "no practical difference")
    return found / runs


def seen(folder: Path) -> Iterator[Seen]:
    """Yield what a run saw of every ratio that it judged, and how much that scattered."""
    for c in summarise(list(journal.read(folder / journal.RECORDS))).comparisons:
        logs = [math.log(ratio) for ratio in c.ratios if ratio > 0]
        if c.kind == "headline" and METRICS[c.metric].compared == "ratio" and len(logs) > 2:
            yield Seen(c.scenario, c.metric, math.exp(statistics.estimate(logs)), stdev(logs))


class Harm(NamedTuple):
    """The difference in late requests per blocker that a run would have seen with shorter phases."""

    phases: tuple[float, float]  # seconds before blockers came, and while
    blockers: int  # of a stack and round
    mean: float
    scatter: float  # standard deviation over rounds


def replayed(folder: Path, before: float, on: float) -> Harm:
    """Return what the last so many seconds before the first blocker of each block show, and the first so many after it.

    Blocks of 200 ms twice a second are over before the next, so those due while blockers came are all that were late.
    """
    run, *lines = journal.read(folder / journal.RECORDS)
    assert isinstance(run, Run)
    late: dict[tuple[int, str], float] = {}
    for block in lines:
        load = next((each for each in run.loads if isinstance(block, Block) and each.scenario == block.scenario), None)
        if isinstance(block, Block) and block.blocked and load and load.blocking and block.window_start is not None:
            blocking = msgspec.structs.replace(load.blocking, before=before, on=on, after=0.001)
            start = block.window_start + load.blocking.before - before
            window = (start, start + before + on)
            read = samples.read(folder / block.samples)
            found = phases.phases(phases.bystanders(read, window), blocking, window)
            part = msgspec.structs.replace(block.blocked, phases=found, blockers=blocking.number)
            late[block.round, block.stack] = harm.late([part]) or 0.0
    same = {run.baseline, *(stack.name for stack in run.stacks if stack.decoy_of)}
    ours = {(number, stack): value for (number, stack), value in late.items() if stack not in same}
    differences = [value - late[number, run.baseline] for (number, _), value in ours.items()]
    return Harm((before, on), blocking.number, fmean(differences), stdev(differences))


def harm_decided(found: Harm, runs: int, delta: float = 2.4) -> float:
    """Return in which part of quick runs such a difference gets a verdict, being normal; δ is 5 % of 240/s × 200 ms."""
    random_, decided_ = random.Random(f"{found}"), 0
    for _ in range(runs):
        judged = compare(
            {number: random_.gauss(found.mean, found.scatter) for number in range(SHAPES[0].rounds)}, scenario="",
            metric=LATE.within(delta), stack="b", baseline="a", kind="headline", headlines=SHAPES[0].ratios,
            not_judged=None, quick=True,
        )  # fmt: skip
        decided_ += judged.verdict in ("better", "worse")
    return decided_ / runs


def main(folder: Path = SAMPLE, runs: int = 1000) -> None:
    """Print all three tables."""
    names = [f"{shape.name}: n = {shape.rounds}, m = {shape.ratios}" for shape in SHAPES]
    print(f"| standard deviation | true ratio | {' | '.join(names)} |")
    print("|---" * (2 + len(names)) + "|")
    for scatter in SCATTERS:
        for ratio in RATIOS:
            cells = [f"{100 * decided(shape, ratio, scatter, runs):.0f} %" for shape in SHAPES]
            print(f"| {scatter:g} | {ratio:g} | {' | '.join(cells)} |")
    print(f"\n| headline of the run | standard deviation | ratio | {' | '.join(shape.name for shape in SHAPES)} |")
    print("|---" * (3 + len(names)) + "|")
    for each in seen(folder):
        cells = [f"{100 * decided(shape, each.ratio, each.scatter, runs, each.metric):.0f} %" for shape in SHAPES]
        print(
            f"| {each.scenario}, {METRICS[each.metric].title} | {each.scatter:.3f} | {each.ratio:.2f} | {' | '.join(cells)} |"
        )
    print("\n| seconds before, while | blockers | late requests per blocker | standard deviation | quick |")
    print("|---" * 5 + "|")
    for before, on in ((3, 4), (2, 3), (1.5, 2)):
        harmed = replayed(folder, before, on)
        print(
            f"| {before:g}, {on:g} | {harmed.blockers} | {harmed.mean:+.1f} | {harmed.scatter:.1f} | "
            f"{100 * harm_decided(harmed, runs):.0f} % |"
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else SAMPLE)
