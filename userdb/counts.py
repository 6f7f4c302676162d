"""The counts of one process, in a file of its own that may fail and takes nothing else with it.

prometheus_client maps such a file into memory: where the disk is full, the next count kills the process (SIGBUS). This one
is written, in the same format: what the disk does not take is missing in the sum, and that is all.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import struct
from pathlib import Path

from prometheus_client.mmap_dict import MmapedDict

from userdb import logs

HEADER = struct.Struct("i4x")  # how much of the file is used
VALUE = struct.Struct("dd")  # a count, and when it was taken, which is 0 where they are added up
MOST_PROCESSES = 1000

_log = logs.logger("userdb.counts")


class CountsFile:
    """What takes the place of prometheus_client's MmapedDict: the counts by their key.

    A process continues the file of one that has ended: a stack has as many files as it had processes at the same time.
    """

    def __init__(self, filename: str) -> None:
        self._positions: dict[str, int] = {}
        self._found: dict[str, tuple[float, float]] = {}
        self._used = HEADER.size
        self._descriptor: int | None = None
        self._told = False
        try:
            self._open(Path(filename))
        except OSError as error:
            self._tell(error)

    def read_value(self, key: str) -> tuple[float, float]:
        """What the file held of this key when it was opened; a new one is part of it from now on, even if nothing is counted."""
        if key not in self._positions:
            self.write_value(key, 0.0, 0.0)
        return self._found.get(key, (0.0, 0.0))

    def write_value(self, key: str, value: float, timestamp: float) -> None:
        """Write a count; where the disk does not take it, say so once and go on."""
        try:
            position = self._positions.get(key)
            if position is None:
                self._add(key, VALUE.pack(value, timestamp))
            else:
                self._put(VALUE.pack(value, timestamp), position)
        except OSError as error:
            self._tell(error)

    def close(self) -> None:
        """Leave the file to another process."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _open(self, wanted: Path) -> None:
        """Take the first file of this kind that no living process has."""
        kind = wanted.name.partition("_")[0]
        for number in range(1, MOST_PROCESSES):
            file = wanted.with_name(f"{kind}_{number}.db")
            descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(descriptor)
                continue
            self._descriptor = descriptor
            self._continue(file)
            return
        raise OSError(errno.EMFILE, "too many processes count", str(wanted.parent))

    def _continue(self, file: Path) -> None:
        """Read what is there; begin a new file, or one that is damaged."""
        try:
            if os.fstat(self._own()).st_size:
                self._read(file)
                return
        except (RuntimeError, ValueError, struct.error):
            os.ftruncate(self._own(), 0)
            self._found.clear()
            self._positions.clear()
            self._used = HEADER.size
        self._put(HEADER.pack(self._used), 0)

    def _read(self, file: Path) -> None:
        values = MmapedDict.read_all_values_from_file(str(file))  # type: ignore[no-untyped-call]  # half of the library has no types
        for key, value, timestamp, position in values:
            json.loads(key)  # all keys are JSON
            self._found[key], self._positions[key] = (value, timestamp), position
            self._used = position + VALUE.size

    def _add(self, key: str, value: bytes) -> None:
        name = key.encode()
        name += b" " * (8 - (len(name) + 4) % 8)  # the value begins at a multiple of 8
        entry = struct.pack("i", len(key.encode())) + name + value
        self._put(entry, self._used)
        self._put(HEADER.pack(self._used + len(entry)), 0)  # only now is it part of the file
        self._used += len(entry)
        self._positions[key] = self._used - VALUE.size

    def _put(self, data: bytes, position: int) -> None:
        if os.pwrite(self._own() if self._descriptor is None else self._descriptor, data, position) != len(data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def _own(self) -> int:
        if self._descriptor is None:
            raise OSError(errno.EBADF, "there is no file to count in")
        return self._descriptor

    def _tell(self, error: Exception) -> None:
        if not self._told:
            self._told = True
            _log.warning("not everything is counted in /metrics any more: %s", error)
