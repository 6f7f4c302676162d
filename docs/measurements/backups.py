"""Measure how long a backup and a restore of many users take: `python docs/measurements/backups.py` prints the Markdown table.

SQLite by the project's own commands, PostgreSQL by pg_dump and pg_restore on a server made for it, one after another, each so
many times, with the seconds that the whole command takes and the size of the file. About 4 minutes for a million users.
"""

from __future__ import annotations

import argparse
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

from tandem.launch import database, postgresql, signals
from tandem.paths import PROJECT
from tandem.plan import apps

USERDB = apps.load()["userdb"]


def took(command: Sequence[str | Path]) -> float:
    """How many seconds a command takes. Raises SystemExit where it fails."""
    start = time.perf_counter()
    ended = subprocess.run([str(part) for part in command], cwd=PROJECT, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise SystemExit(f"{Path(command[0]).name} {command[1]} failed: {ended.stderr.strip()[-400:]}")
    return time.perf_counter() - start


def turns(name: str, rounds: int, file: Path, backup: Callable[[], float], restore: Callable[[], float]) -> str:
    """A line of the table: medians over the rounds, in each of which the backup is made anew."""
    found = []
    for number in range(rounds):
        print(f"{name}: round {number + 1} of {rounds}", file=sys.stderr, flush=True)
        file.unlink(missing_ok=True)
        found.append((backup(), restore()))
    there, back = (statistics.median(column) for column in zip(*found, strict=True))
    return f"| {name} | {there:.1f} s | {back:.1f} s | {file.stat().st_size / 1e6:.0f} MB |"


COUNT = "SELECT count(*) FROM users"


def counted(there: int, users: int) -> None:
    """Raise SystemExit where not all users are there again."""
    if there != users:
        raise SystemExit(f"{there:,} of {users:,} users were there after the restore")


def by_sqlite(folder: Path, users: int, rounds: int) -> str:
    """A database of the apps, its snapshot and back."""
    url, file = f"sqlite:///{folder / 'users.db'}", folder / "backup.db"
    database.fill(USERDB, url, users, folder / "seed.log")
    command = [sys.executable, "-m", "userdb.database", "--url", url]
    line = turns(
        "SQLite: `snapshot`, `restore`", rounds, file,
        lambda: took([*command, "snapshot", file]), lambda: took([*command, "restore", file]),
    )  # fmt: skip
    with closing(sqlite3.connect(folder / "users.db")) as connection:
        counted(connection.execute(COUNT).fetchone()[0], users)
    return line


def by_postgresql(folder: Path, users: int, rounds: int) -> str:
    """A PostgreSQL of its own, by its own programs."""
    programs, file = postgresql.find(), folder / "userdb.dump"
    with postgresql.cluster(folder / "work", folder) as cluster:
        cluster.make(lambda url: database.fill(USERDB, url, users, folder / "fill.log"), [])
        with cluster.serving("measured", [], 10) as server:
            dump = [programs / "pg_dump", "--format=custom", "--no-owner", f"--dbname={server.url}", f"--file={file}"]
            back = [
                programs / "pg_restore", "--clean", "--if-exists", "--no-owner", "--single-transaction",
                f"--dbname={server.url}", file,
            ]  # fmt: skip
            line = turns("PostgreSQL: `pg_dump`, `pg_restore`", rounds, file, lambda: took(dump), lambda: took(back))
            told = subprocess.run(
                [programs / "psql", server.url, "-Atc", COUNT], capture_output=True, text=True, check=True
            )
            counted(int(told.stdout), users)
            return line


def main() -> None:
    """Measure both, print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--users", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with signals.stoppable(), tempfile.TemporaryDirectory(prefix="tandem-backups-") as name:
        rows = [each(Path(name), options.users, options.rounds) for each in (by_sqlite, by_postgresql)]
    print(f"| {options.users:,} users | backup | restore | the file |\n|---|---:|---:|---:|")
    print("\n".join(rows))


if __name__ == "__main__":
    main()
