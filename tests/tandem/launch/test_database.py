"""Databases for stacks: what a copy of a restored one is."""

from __future__ import annotations

from pathlib import Path

from tandem.launch import database
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
