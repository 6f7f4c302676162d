"""Evidence: what others than the generator wrote during a block, kept beside its samples: stalls, nginx's log, accept queues."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from tandem.records import stalled
from tandem.records.block import Block


class Witness(NamedTuple):
    """A file to which somebody appends, and what the names of its parts end with."""

    file: Path
    ending: str


class Evidence:
    """Marks how far the witnesses had come, and keeps what they wrote from there on."""

    def __init__(self, witnesses: Sequence[Witness]) -> None:
        self._marks = [(each, _size(each.file)) for each in witnesses]

    def keep(self, folder: Path, block: Block) -> None:
        """Copy what was written since, of each witness a file; an empty one says that nothing was. Raises OSError."""
        for (file, ending), mark in self._marks:
            stalled.beside(folder, block, ending).write_bytes(_since(file, mark))


def _size(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0


def _since(file: Path, mark: int) -> bytes:
    if not file.exists():
        return b""
    with file.open("rb") as opened:
        opened.seek(mark)
        return opened.read()
