"""Backlog: how many connections waited in the listening sockets of a stack during a block, kept beside its samples."""

from __future__ import annotations

from pathlib import Path

import msgspec

from tandem.records import journal, stalled
from tandem.records.block import Block
from tandem.records.bounds import Count, NotNegative, Text

BACKLOG = ".backlog.jsonl"
"""What the name of the file ends with, instead of the samples' `.csv.gz`."""


class Sample(msgspec.Struct, frozen=True, kw_only=True, tag="sample"):
    """One look at the sockets."""

    at: NotNegative  # seconds since the epoch
    waiting: Count  # connections that no server had accepted, of all its sockets together


class Unread(msgspec.Struct, frozen=True, kw_only=True, tag="unread"):
    """It can't be known."""

    why: Text


def read(folder: Path, block: Block) -> list[Sample | Unread]:
    """Return what was seen during a block; nothing where nobody looked. Raises RecordsError where that can't be read."""
    path = stalled.beside(folder, block, BACKLOG)
    if not path.exists():
        return []
    with journal.readable(path):
        return list(journal.lines(path, Sample | Unread))
