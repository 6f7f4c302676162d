"""Databases for stacks: what a copy of a restored one is."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import sleep

import pytest

from tandem.launch import database
from tandem.plan.apps import App
from tandem.plan.databases import Database
from tests.support.stacks import USERDB


def test_a_copy_takes_the_place_of_the_old_database_and_of_its_log_and_only_the_owner_reads_it(tmp_path: Path) -> None:
    restored, file, wal = tmp_path / "restored.db", tmp_path / "asgi.db", tmp_path / "asgi.db-wal"
    restored.write_bytes(b"new" * 100_000)
    file.write_bytes(b"old")
    file.chmod(0o644)
    wal.write_bytes(b"a log that must not be applied to the new one")
    with file.open("rb") as still_open:
        database.copy(USERDB, restored, file)
        assert still_open.read() == b"old"
    assert file.read_bytes() == restored.read_bytes()
    assert file.stat().st_mode & 0o777 == 0o600
    assert not wal.exists()


def test_of_several_who_want_the_same_snapshot_one_makes_it_and_the_others_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As of two `tandem serve` at once, which removed each other's half of it."""
    snapshot, making = tmp_path / "var" / "seed.db", threading.Lock()
    made: list[Path] = []

    def make(_app: App, _database: Database, file: Path, _users: int, _log: Path) -> None:
        assert making.acquire(blocking=False), "two make it at once"
        sleep(0.05)
        file.write_bytes(b"whole")
        made.append(file)
        making.release()

    monkeypatch.setattr(database, "_make", make)
    with ThreadPoolExecutor(4) as pool:
        for each in [pool.submit(database.seed, USERDB, snapshot, 10, tmp_path / "log") for _ in range(4)]:
            each.result()
    assert made == [snapshot]
