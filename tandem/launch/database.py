"""Databases for stacks: seeded, snapshotted and restored by the command-line tool `python -m userdb.database`."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from tandem.launch import process
from tandem.paths import PROJECT

ADMIN, PASSWORD = "admin", "correct-horse"
"""The administrator of a seeded database, and the password of all its users: it is for trying and measuring."""


def url(file: Path) -> str:
    """Return the DATABASE_URL of an SQLite file."""
    return f"sqlite:///{file.resolve()}"


def tool(database: str, *arguments: str, log: Path, cpus: Sequence[int] = ()) -> str:
    """Run the database tool on a DATABASE_URL to its end and return what it says.

    Raises RunFailed with what it says.
    """
    command = [sys.executable, "-m", "userdb.database", "--url", database, *arguments]
    what = f"`python -m userdb.database {arguments[0]}`"
    return process.run(command, what=what, env=process.environment({}), cwd=PROJECT, log=log, cpus=cpus)


def sqlite_version(log: Path) -> str:
    """Return the version of the SQLite that the apps bring in."""
    code = "import userdb.sqlite_driver, sqlite3; print(sqlite3.sqlite_version)"
    command = [sys.executable, "-c", code]
    return process.run(
        command, what="asking for the SQLite version", env=process.environment({}), cwd=PROJECT, log=log
    ).strip()


def maker() -> str:
    """Return what tells the code that makes databases from that of other versions: a seed of theirs may lack something."""
    digest = hashlib.sha256()
    for file in sorted((PROJECT / "userdb").rglob("*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:8]


def remove(file: Path) -> None:
    """Remove an SQLite database with its log and index."""
    for suffix in ("", "-wal", "-shm"):
        Path(f"{file}{suffix}").unlink(missing_ok=True)


def seed(snapshot: Path, users: int, log: Path) -> None:
    """Write a snapshot of a freshly seeded database; a file that is there already is taken as it is.

    The snapshot appears under its name only when it is whole, so that an interrupted call leaves nothing half done.
    """
    if snapshot.exists():
        return
    snapshot.parent.mkdir(parents=True, exist_ok=True)
    working, partial = snapshot.with_name(f"{snapshot.name}.working"), snapshot.with_name(f"{snapshot.name}.new")
    remove(working)
    partial.unlink(missing_ok=True)
    try:
        tool(url(working), "seed", "--users", str(users), log=log)
        tool(url(working), "snapshot", str(partial), log=log)
        partial.rename(snapshot)
    finally:
        remove(working)
        partial.unlink(missing_ok=True)


def migrate(file: Path, log: Path) -> None:
    """Bring a database of an earlier version to the newest schema; one that has it stays as it is."""
    tool(url(file), "migrate", log=log)


def restore(snapshot: Path, file: Path, log: Path, cpus: Sequence[int] = ()) -> None:
    """Replace a database by the snapshot and have it on disk when this returns, so that no write-back of it is measured."""
    tool(url(file), "restore", str(snapshot), log=log, cpus=cpus)
    for path in (file, file.parent):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            with suppress(OSError):  # not every file system lets a directory be flushed
                os.fsync(descriptor)
        finally:
            os.close(descriptor)
