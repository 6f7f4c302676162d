"""What `stalls/` costs a whole stack: `python docs/measurements/watched_stacks.py` prints the Markdown table, in about 4 minutes.

One user by id through nginx, 32 connections, each stack at saturation: watched as in a run of the laboratory (its middleware and,
of gunicorn, the clock of its queue; the rows go to a file), and not, by turns in random order on one CPU.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from functools import partial
from pathlib import Path

import asking
from asking import Bench, Found, reading, turn

from tandem.launch import signals

STACKS = ("asgi", "wsgi-gthread", "wsgi-sync")
WATCHED = " watched"


def table(found: dict[str, list[Found]]) -> str:
    """The Markdown table: ratios within the rounds, and medians."""
    lines = [
        "| stack | CPU per read, ms | watched ÷ not (95 %) | p99, ms | watched ÷ not (95 %) | answers/s, watched ÷ not (95 %) |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for name in STACKS:
        off, on = found[name], found[name + WATCHED]
        cells = [name]
        for field in ("cpu_ms", "p99_ms", "rate"):
            ratios = [getattr(one, field) / getattr(other, field) for one, other in zip(on, off, strict=True)]
            if field != "rate":
                cells.append(f"{statistics.median(getattr(each, field) for each in off):.2f}")
            cells.append(asking.shown(ratios))
        lines.append(f"| `{cells[0]}` | " + " | ".join(cells[1:]) + " |")
    return "\n".join(lines)


def main() -> None:
    """Measure by turns; print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=3.0, help="of one turn")
    options = parser.parse_args()
    with signals.stoppable(), tempfile.TemporaryDirectory(prefix="tandem-watched-") as name:
        folder = Path(name)
        bench = Bench(folder=folder, rounds=options.rounds, seconds=options.seconds)
        more = {"LAB": "1", "STALLS_FILE": str(folder / "stalls.jsonl")}
        with bench.stacks(*STACKS, more={"LAB": "1"}) as off, bench.stacks(*STACKS, more=more) as on:
            targets = {name: each.front for name, each in off.items()}
            targets |= {name + WATCHED: each.front for name, each in on.items()}
            asked = {
                each: partial(turn, target, reading(bench.users), connections=32, seconds=bench.seconds)
                for each, target in targets.items()
            }
            print(table(bench.turns("watched", asked)))


if __name__ == "__main__":
    main()
