"""The command `tandem stalls`: which line stood there during a run with blockers, and which requests that hurt."""

from __future__ import annotations

import argparse
from pathlib import Path

from tandem.cli.console import say
from tandem.errors import TandemError
from tandem.records import journal, stalled
from tandem.records.block import Block
from tandem.records.setup import Load, Run


def run(options: argparse.Namespace) -> int:
    """Say it, or print it as CSV."""
    from tandem.report import lines, tables  # altair takes most of a second to import, and no other command needs it

    loads, blocks = _recorded(options.folder)
    found = lines.read(options.folder, loads, blocks)
    if not found.told:
        raise TandemError("; ".join(found.problems))
    if options.requests or options.csv:
        shown = lines.requests(found) if options.requests else lines.stalls(found)
        say((tables.as_csv(shown) if options.csv else tables.plain(shown)).rstrip())
        return 0
    say("\n".join([*lines.sentences(found), *found.problems]))
    return 0


def _recorded(folder: Path) -> tuple[list[Load], list[Block]]:
    """Return the loads of a run and its blocks in which stalls were recorded. Raises TandemError where there is none."""
    path = folder / journal.RECORDS
    with journal.readable(path):
        found = list(journal.read(path))
    loads = [load for record in found if isinstance(record, Run) for load in record.loads]
    blocks = [record for record in found if isinstance(record, Block) and stalled.watched(folder, record)]
    if not blocks:
        raise TandemError(
            f"no stalls were recorded in {folder}: only runs whose scenarios all have blockers record them, such as "
            "`tandem compare --scenarios blocking`"
        )
    return loads, blocks
