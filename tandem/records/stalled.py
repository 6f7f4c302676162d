"""Stalled: what an app wrote of its own stalls during a block, and what nginx wrote of its requests, kept beside the samples.

The rows are those of `stalls/record.py`, where each field is explained; only what is joined with other witnesses is read here.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec

from tandem.records import journal
from tandem.records.block import Block
from tandem.records.bounds import Amount, Count, NotNegative, Text, clean, plain_bytes

STALLS, ACCESS = ".stalls.jsonl", ".access.log"
"""What the names of both files end with, instead of the samples' `.csv.gz`."""

MOST_LOG = 256 * 1024**2
"""Bytes of a log of nginx; a block of five minutes at 1,000/s has a fifth of that."""

Ids = Annotated[list[Text], msgspec.Meta(max_length=1000)]


class CodeLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line of code that stood there in `count` samples."""

    file: Text
    line: Count
    function: Text
    count: Count
    inside: Text

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


class Stall(msgspec.Struct, frozen=True, kw_only=True, tag="stall"):
    """One stall of what is watched in a process. Times in seconds."""

    pid: Count
    watched: Text  # the loop, the slots, or a pool by its name
    kind: Text
    at: NotNegative  # when it began, since the epoch
    monotonic: Amount
    seconds: NotNegative
    over: bool
    samples: Count
    lines: Annotated[list[CodeLine], msgspec.Meta(max_length=1000)]
    cpu: Amount | None
    gc: Amount
    late: Amount  # for how long the watchdog itself could not run
    route: Text | None
    request: Text | None
    in_flight: Count
    requests: Ids
    waiting: Count | None  # the most that waited for a slot or for the pool meanwhile
    suspect: Text | None  # where no sample can be trusted: the first line seen afterwards
    others: Annotated[list[Text], msgspec.Meta(max_length=100)] = []  # where other threads stood, with counts

    @property
    def end(self) -> float:
        """When it ended, since the epoch."""
        return self.at + self.seconds

    @property
    def place(self) -> str:
        """The line that was seen most, where one is the cause; empty where nobody is blamed."""
        return str(self.lines[0]) if self.lines and self.kind != "busy" else ""


class Totals(msgspec.Struct, frozen=True, kw_only=True, tag="counts"):
    """How many there were in all, at the end of a process."""


def beside(folder: Path, block: Block, ending: str) -> Path:
    """Return where a file of this kind of a block lies."""
    return folder / f"{block.samples.removesuffix('.csv.gz')}{ending}"


def watched(folder: Path, block: Block) -> bool:
    """Tell whether stalls were recorded in a block, even if there was none."""
    return beside(folder, block, STALLS).exists()


def read(folder: Path, block: Block) -> list[Stall]:
    """Return the stalls of a block in the order in which they began; of one that was told of twice, the end.

    Raises RecordsError where the file holds something else, or is missing.
    """
    path, found = beside(folder, block, STALLS), {}
    with journal.readable(path):
        for row in journal.lines(path, Stall | Totals):
            if isinstance(row, Stall):
                found[row.pid, row.watched, row.monotonic] = row
    return sorted(found.values(), key=lambda stall: stall.at)


def access(folder: Path, block: Block) -> str:
    """Return what nginx wrote during a block; empty where that can't be read."""
    try:
        text = plain_bytes(beside(folder, block, ACCESS), MOST_LOG).decode(errors="replace")
    except (OSError, ValueError):
        return ""
    return "\n".join("\t".join(map(clean, line.split("\t"))) for line in text.split("\n"))
