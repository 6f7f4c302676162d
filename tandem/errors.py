"""What can go wrong in the harness, each as one sentence that says what to do.

TandemError    a wrong call or set-up: exit status 2
└── RunFailed  something broke while it ran: exit status 1
Stopped        a signal asked the harness to stop: exit status 128 + its number (no Exception: nothing may swallow it)
"""

from __future__ import annotations

import errno
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SCARCE = 16 * 1024**2
"""Free bytes below which whatever can't be written can't for lack of room: a database or the log of SQLite may need as many."""


class TandemError(Exception):
    """A sentence for the person at the terminal; `status` is the exit status that goes with it."""

    status = 2


class RunFailed(TandemError):
    """Something that had been started broke; what was measured before is kept."""

    status = 1


def sentence(error: OSError) -> str:
    """Return what the operating system refused, and where, with what to do where that is known."""
    where = f" ({error.filename})" if error.filename else ""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"the disk is full{where}: make room and start again"
    return f"{error.strerror or error}{where}"


def nearly_full(folder: Path) -> str | None:
    """Return the sentence for a disk on which hardly anything is left, or None where there is room."""
    try:
        disk = os.statvfs(folder)
    except OSError:
        return None
    free = disk.f_bavail * disk.f_frsize
    if free >= SCARCE and (disk.f_favail > 0 or disk.f_files == 0):  # some file systems count no files
        return None
    return f"the disk is full ({free // 1024**2} MB are left in {folder}): make room and start again"


@contextmanager
def full_disk_named(*folders: Path) -> Iterator[None]:
    """Say of whatever breaks in the block that a disk is full, where one of these folders is on a full one."""
    try:
        yield
    except RunFailed as error:
        if full := next(filter(None, map(nearly_full, folders)), None):
            raise RunFailed(f"{full}\nWhat it broke: {error}") from error
        raise


class Stopped(BaseException):
    """SIGINT, SIGTERM or SIGHUP came in."""

    def __init__(self, number: int) -> None:
        super().__init__(f"stopped by {signal.Signals(number).name}")
        self.number, self.status = number, 128 + number
