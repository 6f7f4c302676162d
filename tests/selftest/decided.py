"""How often the headlines of a profile would be decided, at the differences and the scatter that a run found: simulated.

`python -m tests.selftest.decided [FOLDER]` prints tables like those of docs/method.md, the second of the run in FOLDER or of the
sample run.
"""

from __future__ import annotations

import math
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import stdev
from typing import NamedTuple

from tandem import statistics
from tandem.judge.metrics import METRICS
from tandem.judge.summary import summarise
from tandem.judge.verdict import compare
from tandem.paths import PROJECT
from tandem.records import journal

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


SHAPES = (Shape("quick", 7, 3), Shape("standard", 9, 12), Shape("full", 10, 24))


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


def main(folder: Path = SAMPLE, runs: int = 1000) -> None:
    """Print both tables."""
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


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else SAMPLE)
