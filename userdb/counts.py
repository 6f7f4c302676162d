"""The counts of one process, in a file of its own that may fail and takes nothing else with it.

A row for whatever is counted by itself: what it is, and its numbers, which are written together, by one call. prometheus_client
has a file for each type and a place for each number, and maps them into memory: where the disk is full, the next count kills
the process (SIGBUS). This one is written: what the disk does not take is missing in the sum, and that is all.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import struct
from collections.abc import Iterator
from pathlib import Path
from threading import Lock

from userdb import logs

NUMBERS = struct.Struct("16d")  # of how many sort each there were, and last, how much in all
ROW = struct.Struct(f"128s{NUMBERS.size}s")  # the name and labels as JSON, and the numbers
MOST_PROCESSES = 1000

Labels = tuple[str, ...]

_log = logs.logger("userdb.counts")


class Row:
    """What is counted by itself."""

    def __init__(self, labels: Labels, counts: Counts, numbers: list[float], position: int | None = None) -> None:
        self.labels, self.numbers = labels, numbers
        self._counts, self._position, self._lock = counts, position, Lock()

    def add(self, sort: int, amount: float) -> None:
        """One more of a sort, and so much more in all; where the disk does not take it, say so once and go on."""
        with self._lock:
            self.numbers[sort] += 1
            self.numbers[-1] += amount
            self._write()

    def keep(self) -> None:
        """Have it told, also where none comes."""
        with self._lock:
            self._write()

    def _write(self) -> None:
        try:
            if self._position is not None:
                self._counts.put(NUMBERS.pack(*self.numbers), self._position)
            elif self._counts.folder is not None:
                self._position = self._counts.append(self)
        except OSError as error:
            self._counts.tell(error)


class Counts:
    """What one process counts; where there is a folder, in the first file there that no living process has.

    It goes on with what the file holds: a stack has as many files as it had processes at the same time.
    """

    def __init__(self, folder: Path | None) -> None:
        self.rows: dict[Labels, Row] = {}
        self.folder = folder
        self._descriptor: int | None = None
        self._used = 0
        self._told, self._is_open, self._lock = False, False, Lock()

    def row(self, labels: Labels) -> Row:
        """The row of these labels, to be counted in. With the first the file is opened: by then servers have forked."""
        with self._lock:
            if self.folder is not None and not self._is_open:
                self._is_open = True
                try:
                    self._open(self.folder)
                except OSError as error:
                    self.tell(error)
            return self.rows.setdefault(labels, Row(labels, self, [0.0] * 16))

    def put(self, data: bytes, position: int) -> None:
        """Write there, all or else raise OSError."""
        if self._descriptor is None:
            raise OSError(errno.EBADF, "there is no file to count in")
        if os.pwrite(self._descriptor, data, position) != len(data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def append(self, row: Row) -> int:
        """Make a row part of the file; where its numbers are from now on."""
        with self._lock:
            self.put(ROW.pack(_named(row.labels), NUMBERS.pack(*row.numbers)), self._used)
            self._used += ROW.size
            return self._used - NUMBERS.size

    def close(self) -> None:
        """Leave the file to another process."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def tell(self, error: Exception) -> None:
        """Say once that something is not counted."""
        if not self._told:
            self._told = True
            _log.warning("not everything is counted in /metrics any more: %s", error)

    def _open(self, folder: Path) -> None:
        """Take the first file that nobody has; one that is damaged begins anew."""
        for number in range(1, MOST_PROCESSES):
            file = folder / f"counts_{number}.db"
            descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(descriptor)
                continue
            self._descriptor = descriptor
            try:
                for labels, numbers in read(file):
                    self._used += ROW.size
                    self.rows[labels] = Row(labels, self, numbers, self._used - NUMBERS.size)
            except ValueError:
                os.ftruncate(descriptor, 0)
                self.rows, self._used = {}, 0
            return
        raise OSError(errno.EMFILE, "too many processes count", str(folder))


def read(file: Path) -> Iterator[tuple[Labels, list[float]]]:
    """The rows of a file; its end may be one that the disk has not taken whole. Raises ValueError where it is damaged."""
    data = file.read_bytes()
    for name, numbers in ROW.iter_unpack(data[: len(data) // ROW.size * ROW.size]):
        first, *labels = json.loads(name)
        yield (first, *labels), list(NUMBERS.unpack(numbers))


def _named(labels: Labels) -> bytes:
    name = json.dumps(labels).encode()
    if len(name) > ROW.size - NUMBERS.size:
        raise ValueError(f"too long to be counted: {labels}")
    return name.ljust(ROW.size - NUMBERS.size)
