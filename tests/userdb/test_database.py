"""The command-line tools, run as a person runs them."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from userdb.database import seed


def tool(*arguments: str, url: str) -> subprocess.CompletedProcess[str]:
    """Run `python -m userdb.database`."""
    command = [sys.executable, "-m", "userdb.database", "--url", url, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def rows(file: Path) -> list[tuple[object, ...]]:
    """All users in a file."""
    with closing(sqlite3.connect(file)) as connection:
        return connection.execute("SELECT * FROM users ORDER BY id").fetchall()


def test_seeds_the_same_users_every_time(tmp_path: Path) -> None:
    files = [tmp_path / "a.db", tmp_path / "b.db"]
    for file in files:
        assert tool("seed", "--users", "50", url=f"sqlite:///{file}").returncode == 0
    assert rows(files[0]) == rows(files[1])
    assert rows(files[0])[0][:3] == (1, "admin", "admin@example.org")
    assert len(rows(files[0])) == 50


def test_a_larger_seed_begins_with_the_smaller_one() -> None:
    assert list(seed.users(1000))[:10] == list(seed.users(10))
    assert [len(batch) for batch in seed.rows(25, size=10)] == [10, 10, 5]


def test_create_leaves_what_is_there_and_sets_wal(tmp_path: Path) -> None:
    file = tmp_path / "new" / "a.db"
    url = f"sqlite:///{file}"
    assert tool("create", url=url).returncode == 0
    assert tool("seed", "--users", "5", url=url).returncode == 0
    assert tool("create", url=url).returncode == 0
    assert len(rows(file)) == 5
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_snapshot_and_restore_bring_everything_back(tmp_path: Path) -> None:
    file, copy = tmp_path / "a.db", tmp_path / "copy.db"
    url = f"sqlite:///{file}"
    tool("seed", "--users", "20", url=url)
    before = rows(file)
    assert tool("snapshot", str(copy), url=url).returncode == 0
    # A connection that is left open leaves a log behind, as a killed server would: it must not come back.
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("DELETE FROM users WHERE id > 3")
        connection.commit()
        assert file.with_name("a.db-wal").exists()
        assert tool("restore", str(copy), url=url).returncode == 0
    assert rows(file) == before
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["restore", "none.db"], "there is no snapshot"),
        (["snapshot", "copy.db"], "there is no database"),
    ],
)
def test_what_can_not_be_done_is_said_in_a_sentence(tmp_path: Path, arguments: list[str], sentence: str) -> None:
    done = tool(*arguments, url=f"sqlite:///{tmp_path}/a.db")
    assert done.returncode == 1
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


def test_seeding_twice_is_refused(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/a.db"
    assert tool("seed", "--users", "5", url=url).returncode == 0
    done = tool("seed", "--users", "5", url=url)
    assert (done.returncode, "holds users already" in done.stderr) == (1, True)


def test_a_wrong_number_or_url_is_named(tmp_path: Path) -> None:
    assert "--users" in tool("seed", "--users", "0", url="sqlite:///x").stderr
    assert "DATABASE_URL" in tool("create", url="mysql://x/y").stderr
    (tmp_path / "file").write_text("")
    done = tool("create", url=f"sqlite:///{tmp_path}/file/a.db")
    assert (done.returncode, "Traceback" in done.stderr) == (1, False)
