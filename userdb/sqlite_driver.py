"""Bring in an SQLite without the WAL-reset defect; import this before anything that imports `sqlite3`.

SQLite 3.7.0 to 3.51.2 can corrupt a database in WAL mode when two connections reset the log at the same moment; 3.51.3,
3.50.7 and 3.44.6 hold the fix (https://sqlite.org/wal.html#walresetbug). Python brings whatever the system has, which is
mostly older, so the driver of the `pysqlite3` package takes its place, with an SQLite of its own.

All three modules that make up the standard driver are replaced: with only part of them swapped, aiosqlite stays on the old
library, or raises errors that SQLAlchemy does not recognise.
"""

from __future__ import annotations

import sys

FIXED = ((3, 51, 3), (3, 50, 7), (3, 44, 6))
"""First sound version of each release line, newest first."""


class DefectiveSQLiteError(RuntimeError):
    """The SQLite in use has the WAL-reset defect, or came too late to be replaced."""


def is_sound(version: str) -> bool:
    """Whether an SQLite version such as `"3.51.3"` is free of the WAL-reset defect."""
    found = tuple(int(part) for part in version.split("."))[:3]
    return found >= FIXED[0] or any(found[:2] == fixed[:2] and found >= fixed for fixed in FIXED)


def refuse_defective(version: str, allowed: bool = False) -> None:
    """Raise DefectiveSQLiteError for a version with the defect, unless it is explicitly allowed."""
    if not allowed and not is_sound(version):
        raise DefectiveSQLiteError(
            f"SQLite {version} can corrupt a database in WAL mode (https://sqlite.org/wal.html#walresetbug): install pysqlite3 "
            "(it is in the locked requirements), or set ALLOW_DEFECTIVE_SQLITE=1 if the data does not matter"
        )


def _install() -> None:
    try:
        import pysqlite3
        import pysqlite3._sqlite3
        import pysqlite3.dbapi2
    except ImportError:
        return  # no wheel for this platform: the connection's own version decides, see refuse_defective
    loaded = sys.modules.get("sqlite3")
    if loaded is not None and loaded is not pysqlite3:
        if is_sound(loaded.sqlite_version):
            return
        raise DefectiveSQLiteError(
            f"sqlite3 {loaded.sqlite_version} was imported before userdb.sqlite_driver: import userdb.sqlite_driver first"
        )
    sys.modules["sqlite3"] = pysqlite3
    sys.modules["sqlite3.dbapi2"] = pysqlite3.dbapi2
    sys.modules["_sqlite3"] = pysqlite3._sqlite3


_install()
