"""`python -m stalls FILE`: what a file of stalls says, in few words or as CSV. Exit status 2: it says nothing, and why."""

from __future__ import annotations

import argparse
import csv
import sys
from pathlib import Path

from . import summary
from .record import BadRecordError


def main(arguments: list[str] | None = None) -> int:
    """Print it."""
    parser = argparse.ArgumentParser(prog="python -m stalls", description=str(__doc__).partition(": ")[2])
    parser.add_argument("file", type=Path, metavar="FILE", help="what a middleware wrote: a row of JSON per stall")
    parser.add_argument("--csv", action="store_true", help="every stall as a row, instead of a summary")
    options = parser.parse_args(arguments)
    try:
        stalls = list(summary.read(options.file))
        more = summary.left_out(options.file, stalls)
    except (OSError, BadRecordError) as error:
        print(f"stalls: {error}", file=sys.stderr)
        return 2
    if options.csv:
        table = csv.writer(sys.stdout, lineterminator="\n")
        table.writerow(summary.COLUMNS)
        table.writerows(summary.row(stall) for stall in stalls)
    else:
        print("\n".join(map(summary.sentence, summary.groups(stalls))) or "There is no stall in it.")
    if more:
        print(f"stalls: {more} more were counted and are not in the file, which was full", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
