"""What both databases begin with: few users, whose password is quickly verified."""

from __future__ import annotations

import userdb.sqlite_driver  # noqa: F401  # isort: skip  # first of all, before anything imports sqlite3

import sqlite3
from contextlib import closing
from pathlib import Path

from tests.support.apps import settings_for
from userdb.database import lifecycle
from userdb.models import Account, User

USERS = 50

HASH = "$argon2id$v=19$m=8,t=1,p=1$Y2hlYXAgZm9yIGZ1enppbg$8drhgFC2x/E9ueweYMKR41RZ6K40+7p63OMYGbkaohg"
"""Of the password of all seeded users. A hash says itself how much work it is: this one is a thousandth of what the apps do
for a new password, so that logging in takes the fuzzer no more time than any other request."""


def snapshot(folder: Path) -> Path:
    """Make a seeded database in this folder and return a snapshot of it."""
    settings, file = settings_for(folder / "first.db"), folder / "seed.db"
    lifecycle.seed(settings, USERS)
    lifecycle.snapshot(settings, file)
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("UPDATE users SET password_hash = ?", (HASH,))
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return file


def account(user_id: int) -> Account:
    """A seeded account, as far as its sessions are concerned."""
    return Account(User(user_id, "", "", None, "", 1), HASH, is_admin=user_id == 1)
