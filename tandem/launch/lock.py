"""Locks: what of this clone is running, as files below `var/running` that the kernel unlocks when their process ends.

`python -m tandem.launch.lock` names what runs and fails if anything does: `make clean` asks it first. It needs no library.
"""

from __future__ import annotations

import fcntl
import os
import shlex
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from tandem.errors import TandemError
from tandem.paths import PROJECT

LOCKS_FOLDER = PROJECT / "var" / "running"
COMPARING = "compare"
"""Name of the lock that one comparison at a time may hold: two would share the CPUs of a run."""


@contextmanager
def hold(name: str, command: Sequence[str], folder: Path | None = None) -> Iterator[None]:
    """Hold the lock of this name. Raises TandemError, naming the process that holds it, where another one does."""
    path = (folder or LOCKS_FOLDER) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+b") as file:
        if not _lock(file.fileno()):
            raise TandemError(f"{_holder(path)} is running: wait until it ends, or stop it (kill {_pid(path)})")
        file.truncate(0)
        file.write(f"{os.getpid()} {shlex.join(command)}".encode())
        file.flush()
        try:
            yield
        finally:
            if (
                name != COMPARING
            ):  # that one stays: of a file that is removed one process may hold the lock of the old one
                path.unlink(missing_ok=True)


def running(folder: Path | None = None) -> list[str]:
    """Return what runs, such as `tandem compare --quick (process 4711)`."""
    found = []
    for path in sorted((folder or LOCKS_FOLDER).glob("*")):
        with suppress(FileNotFoundError), path.open("rb") as file:
            if not _lock(file.fileno()):
                found.append(_holder(path))
    return found


def _lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _pid(path: Path) -> str:
    return path.read_text(errors="replace").partition(" ")[0]


def _holder(path: Path) -> str:
    command = path.read_text(errors="replace").partition(" ")[2]
    return f"`{command}` (process {_pid(path)})"


def main() -> int:
    """Name what runs; return 1 if anything does."""
    for each in running():
        print(f"{each} is running: stop it first; nothing was removed", file=sys.stderr)
    return 1 if running() else 0


if __name__ == "__main__":
    sys.exit(main())
