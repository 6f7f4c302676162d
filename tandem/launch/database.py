"""Databases for stacks: made, snapshotted and restored by the commands that the app's row names.

An app without a database has none of it: what is asked of it here is done at once.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from tandem.launch import process
from tandem.paths import PROJECT
from tandem.plan import apps
from tandem.plan.apps import App
from tandem.plan.databases import Database

PATIENCE = 3600.0
"""Seconds after which a command that makes or copies a database is given up: ten million users take some minutes."""


def url(app: App, file: Path) -> str:
    """Return the URL of a database in this file."""
    return "" if app.database is None else app.database.url.replace("{file}", str(file.resolve()))


def _run(app: App, name: str, log: Path, cpus: Sequence[int] = (), **values: str) -> str:
    """Run one of the app's database commands to its end and return what it says. Raises RunFailed with what it says."""
    parts: list[str] = getattr(app.database, name, [])
    if not parts:
        return ""
    command, what = apps.command(parts, **values), f"`{name}` of the app {app.title!r}"
    given = process.environment({})
    return process.run(command, what=what, env=given, cwd=PROJECT, log=log, cpus=cpus, seconds=PATIENCE)


def fill(app: App, where: str, users: int, log: Path) -> None:
    """Fill the database at this URL, which holds no users yet, with so many."""
    _run(app, "seed", log, url=where, users=str(users))


def version(app: App, log: Path) -> str:
    """Return the version of the database library that the app brings in."""
    return _run(app, "version", log).strip() or "none"


def maker(app: App) -> str:
    """Return what differs where other code makes the databases of this app."""
    return app.database.maker() if app.database else ""


def seed(app: App, snapshot: Path, users: int, log: Path) -> None:
    """Write a snapshot of a freshly seeded database; a file that is there already is taken as it is.

    The snapshot appears under its name only when it is whole, so that an interrupted call leaves nothing half done. Of several
    processes that want the same one, as of two `tandem serve` at once, one makes it and the others wait.
    """
    if app.database is None or snapshot.exists():
        return
    snapshot.parent.mkdir(parents=True, exist_ok=True)
    with snapshot.with_name(f"{snapshot.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not snapshot.exists():
            _make(app, app.database, snapshot, users, log)


def _make(app: App, database: Database, snapshot: Path, users: int, log: Path) -> None:
    working, partial = snapshot.with_name(f"{snapshot.name}.working"), snapshot.with_name(f"{snapshot.name}.new")
    _remove(database, working)
    partial.unlink(missing_ok=True)
    try:
        fill(app, url(app, working), users, log)
        _run(app, "snapshot", log, url=url(app, working), file=str(partial))
        partial.rename(snapshot)
    finally:
        _remove(database, working)
        partial.unlink(missing_ok=True)


def migrate(app: App, file: Path, log: Path) -> None:
    """Bring a database of an earlier version to the newest schema; one that has it stays as it is."""
    _run(app, "migrate", log, url=url(app, file))


def restore(app: App, snapshot: Path, file: Path, log: Path, cpus: Sequence[int] = ()) -> None:
    """Replace a database by the snapshot and have it on disk when this returns, so that no write-back of it is measured."""
    if app.database is None:
        return
    _run(app, "restore", log, cpus, url=url(app, file), file=str(snapshot))
    _flush(file)


def copy(app: App, restored: Path, file: Path) -> None:
    """Replace a database of ours by a copy of one that was just restored and never opened; on disk as after `restore`.

    The same file as by the app's own command, which starts an interpreter for it. Whatever should still have the old one open
    goes on in a file without a name, and doesn't disturb the new one. Only the owner may read it.
    """
    if app.database is None:
        return
    _remove(app.database, file)
    descriptor = os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with restored.open("rb") as source, os.fdopen(descriptor, "wb") as target:
        shutil.copyfileobj(source, target)
    _flush(file)


def _flush(file: Path) -> None:
    for path in (file, file.parent):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            with suppress(OSError):  # not every file system lets a directory be flushed
                os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _remove(database: Database, file: Path) -> None:
    for each in database.files(file):
        each.unlink(missing_ok=True)
