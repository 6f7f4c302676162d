"""The command `tandem diff`: what became of the ratios of one run in another."""

from __future__ import annotations

import argparse
from pathlib import Path

from tandem.cli.console import say
from tandem.judge import change
from tandem.judge.summary import Summary, summarise
from tandem.records import journal


def run(options: argparse.Namespace) -> int:
    """Say it, or print it as CSV."""
    from tandem.report import changes, tables  # altair takes most of a second to import, and no other command needs it

    earlier, later = (_summary(folder) for folder in (options.earlier, options.later))
    found = change.changes(earlier, later)
    if not options.all and not options.csv:
        found = [each for each in found if each.why != "exploratory"]
    if options.csv:
        say(tables.as_csv(changes.table(found)).rstrip())
        return 0
    if found:
        say(tables.plain(changes.table(found)) + "\n")
    say("\n".join(changes.sentences(found, change.others(earlier.run, later.run))))
    return 0


def _summary(folder: Path) -> Summary:
    path = folder / journal.RECORDS
    with journal.readable(path):
        return summarise(journal.read(path))
