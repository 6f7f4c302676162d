"""Measure blocks in one piece against blocks in slices: `python docs/measurements/slices.py` runs both and prints the table.

One run of `tandem compare` measures `read` both ways in each round, at a fixed rate and at saturation, for asgi and the decoy,
which is the baseline wsgi-gthread once more. About 11 minutes on a quiet machine. `--run FOLDER` prints such a run's table again.
"""

from __future__ import annotations

import argparse
import math
import statistics as moments
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tandem import statistics
from tandem.judge.metrics import METRICS
from tandem.judge.rounds import Rounds
from tandem.plan.loads import WHOLE
from tandem.records import journal

HEAD = """| what | stack ÷ wsgi-gthread | measured | rounds | estimate | 95 % interval | standard deviation of the log ratio |
|---|---|---|---:|---:|---:|---:|"""


def measure(rounds: int, seconds: int, rate: int, out: Path) -> Path:
    """Have `tandem compare` measure both ways, and return the folder of its run. Raises SystemExit where it fails."""
    # fmt: off
    command = [
        sys.executable, "-m", "tandem", "compare", "--stacks", "wsgi-gthread,asgi", "--scenarios", "read", "--load", "both",
        "--rounds", str(rounds), "--seconds", str(seconds), "--warmup", "1", "--rate", str(rate), "--in-one-piece-too",
        "--allow-dirty", "--out", str(out),
    ]
    # fmt: on
    ended = subprocess.run(command, stdout=sys.stderr, check=False)
    if not (out / "latest" / journal.RECORDS).exists():
        raise SystemExit(f"tandem compare ended with status {ended.returncode} and left no records")
    return (out / "latest").resolve()


def table(rounds: Rounds) -> str:
    """Return the table, of the rounds that are valid, or else of all that are complete."""
    return "\n".join([HEAD, *_rows(rounds)])


def _rows(rounds: Rounds) -> Iterator[str]:
    run = rounds.run
    sliced = [load for load in run.loads if load.slices]
    for load in sliced:
        for key in ("throughput",) if load.saturates else ("cpu", "p50"):
            for stack in run.stacks:
                if stack.name != run.baseline:
                    for scenario, how in (
                        (f"{load.scenario} {WHOLE}", WHOLE),
                        (load.scenario, f"{load.slices} slices"),
                    ):
                        values = [math.log(each) for each in _ratios(rounds, scenario, key, stack.name)]
                        yield f"| {METRICS[key].title}, {load.scenario} | {stack.name} | {how} | {_cells(values)} |"


def _ratios(rounds: Rounds, scenario: str, key: str, stack: str) -> list[float]:
    pairs = [
        (attempt.blocks.get((scenario, stack)), attempt.blocks.get((scenario, rounds.run.baseline)))
        for attempt in rounds.shown
    ]
    found = [METRICS[key].compare(ours, theirs) for ours, theirs in pairs if ours is not None and theirs is not None]
    return [each for each in found if each is not None]


def _cells(values: list[float]) -> str:
    if len(values) < 2:
        return f"{len(values)} | – | – | –"
    bounds = statistics.interval(values, 0.05)
    shown = "–" if bounds is None else f"{math.exp(bounds[0]):.3f}–{math.exp(bounds[1]):.3f}"
    return f"{len(values)} | {math.exp(statistics.estimate(values)):.3f} | {shown} | {moments.stdev(values):.3f}"


def main() -> None:
    """Measure, unless there is a run, and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--run", type=Path, help="the folder of a run that was measured so; nothing is measured then")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=int, default=3, help="of each window")
    parser.add_argument("--rate", type=int, default=300, help="arrivals per second of the open loop")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = options.run or measure(options.rounds, options.seconds, options.rate, Path(name))
        rounds = Rounds(journal.read(folder / journal.RECORDS))
    print(
        f"{len(rounds.valid)} of {rounds.planned} rounds valid{'' if rounds.valid else ': of all, this proves nothing'}\n"
    )
    print(table(rounds))


if __name__ == "__main__":
    main()
