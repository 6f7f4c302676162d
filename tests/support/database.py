"""The SQLite file of a stack that runs: brought back to its seed, and compared with that of another."""

from __future__ import annotations

import userdb.sqlite_driver  # noqa: F401  # isort: skip  # first of all, before anything imports sqlite3

import sqlite3
from pathlib import Path
from typing import Any

TABLES = (
    "users",
    "ended_sessions",
    "login_attempts",
    "events",
    "sqlite_sequence",
)  # the last says which ids were given
"""All that an app writes."""

# Hashes are salted, moments pass, and ids of sessions are drawn: they differ between two stacks that do the same.
CONTENTS = {
    "users": "SELECT id, username, email, age, version, is_admin, password_hash IS NULL, password_hash IS :hash FROM users",
    "ended_sessions": "SELECT count(*) FROM ended_sessions",
    "login_attempts": "SELECT key, count FROM login_attempts",
    "events": "SELECT id, kind, user_id, version FROM events",
    "sqlite_sequence": "SELECT name, seq FROM sqlite_sequence",
}


class Database:
    """The database of a stack that runs, and the seed that it began with."""

    def __init__(self, file: Path, seeded: Path) -> None:
        self._connection = sqlite3.connect(file, isolation_level=None, timeout=10)
        self._connection.execute("PRAGMA synchronous=OFF")
        self._connection.execute("ATTACH ? AS seed", (str(seeded),))
        self._restored: int | None = None  # what SQLite calls the version of the data that was restored

    def restore(self) -> None:
        """Bring all tables back to the seed, in one transaction, for the stack goes on."""
        if not self.is_changed():
            return
        self._connection.execute("BEGIN IMMEDIATE")
        for table in TABLES:
            self._connection.execute(f"DELETE FROM main.{table}")
            self._connection.execute(f"INSERT INTO main.{table} SELECT * FROM seed.{table}")
        self._connection.execute("COMMIT")
        self._restored = self._version()

    def is_changed(self) -> bool:
        """Whether anybody else has written since the last `restore`."""
        return self._restored != self._version()

    def contents(self, known_hash: str) -> dict[str, list[Any]]:
        """What must be the same in two databases, by table; of hashes, which are the known one."""
        values = {"hash": known_hash}
        return {
            table: sorted(self._connection.execute(query, values if ":hash" in query else {}).fetchall(), key=repr)
            for table, query in CONTENTS.items()
        }

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _version(self) -> int:
        version: int = self._connection.execute("PRAGMA main.data_version").fetchone()[0]
        return version


def difference(first: dict[str, list[Any]], second: dict[str, list[Any]]) -> str:
    """The rows that only one of the two has; nothing where they are the same."""
    lines = []
    for table in CONTENTS:
        for sign, here, there in (("-", first, second), ("+", second, first)):
            lines += [f"{sign} {table} {row}" for row in here[table] if row not in there[table]]
    return "\n".join(lines)
