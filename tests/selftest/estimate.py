"""The estimate of a run's time, held against the journal of one.

`python -m tests.selftest.estimate [FOLDER]` prints for each round of the run in FOLDER, or of the sample run, what its blocks
took and what lay before them, and beside both what `tandem/plan/costs.py` expects.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import NamedTuple

from tandem.paths import PROJECT
from tandem.plan import costs
from tandem.records import journal
from tandem.records.block import Block
from tandem.records.setup import Load, Run

SAMPLE = PROJECT / "docs" / "sample"


class Taken(NamedTuple):
    """What an attempt at a round took, in seconds: from its first warm-up to its last window's end, and before that."""

    round: int
    attempt: int
    blocks: float
    beginning: float | None  # from the last window of the attempt before; None: it is the first


def run_of(folder: Path) -> Run:
    """Return what was settled of the run in a folder."""
    found = next(iter(journal.read(folder / journal.RECORDS)))
    assert isinstance(found, Run)
    return found


def expected(run: Run) -> tuple[float, float]:
    """Return what blocks of a round are expected to take, and what lies before them."""
    loads = [load for load, _ in run.pairs()]
    after = costs.SLICED / 2 * len({load.scenario for load in loads if load.slices})
    return costs.blocks(loads) - after, costs.begin_and_end(len(run.stacks), len(loads)) + after


def taken(folder: Path) -> Iterator[Taken]:
    """Yield what each attempt of a run took whose stacks were measured in turn."""
    run, *lines = journal.read(folder / journal.RECORDS)
    assert isinstance(run, Run)
    loads = {load.scenario: load for load in run.loads}
    attempts: dict[tuple[int, int], list[Block]] = {}
    for line in lines:
        if isinstance(line, Block):
            attempts.setdefault((line.round, line.attempt), []).append(line)
    spans = [(*key, *_span(blocks, loads)) for key, blocks in attempts.items()]
    before = None
    for number, attempt, start, end in spans:
        yield Taken(number, attempt, end - start, None if before is None else start - before)
        before = end


def _span(blocks: list[Block], loads: dict[str, Load]) -> tuple[float, float]:
    start = min((block.window_start or 0.0) - loads[block.scenario].warmup_seconds for block in blocks)
    return start, max(block.window_end or 0.0 for block in blocks)


def main(folder: Path = SAMPLE) -> None:
    """Print the table, and medians below it."""
    rows = list(taken(folder))
    print("| round | attempt | blocks, s | beginning, s |\n|---|---|---|---|")
    for row in rows:
        beginning = "" if row.beginning is None else f"{row.beginning:.1f}"
        print(f"| {row.round} | {row.attempt} | {row.blocks:.1f} | {beginning} |")
    known = [row.beginning for row in rows if row.beginning is not None]
    print(f"| median | | {median(row.blocks for row in rows):.1f} | {median(known):.1f} |" if known else "")
    print("| expected | | {:.1f} | {:.1f} |".format(*expected(run_of(folder))))


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else SAMPLE)
