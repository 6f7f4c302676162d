"""The command-line tools, in this process but for what a process of their own shows."""

from __future__ import annotations

import re
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.userdb.tool import rows, run_tool, tool
from userdb import passwords
from userdb.database import seed


def test_seeds_the_same_users_every_time(tmp_path: Path) -> None:
    urls = [f"sqlite:///{tmp_path}/a.db", f"sqlite:///{tmp_path}/b.db"]
    for url in urls:
        assert tool("seed", "--users", "50", url=url).returncode == 0
    assert rows(urls[0]) == rows(urls[1])
    assert rows(urls[0])[0][:3] == (1, "admin", "admin@example.org")
    assert len(rows(urls[0])) == 50


def test_everybody_seeded_has_the_one_password_and_admin_is_the_administrator(url: str) -> None:
    assert tool("seed", "--users", "50", url=url).returncode == 0
    assert rows(url, "SELECT DISTINCT password_hash FROM users") == [(passwords.SEEDED_HASH,)]
    assert passwords.matches(passwords.SEEDED_HASH, passwords.SEEDED)
    assert rows(url, "SELECT id, username FROM users WHERE is_admin") == [(1, "admin")]
    assert rows(url, "SELECT count(*) FROM users WHERE NOT is_admin") == [(49,)]


def test_a_larger_seed_begins_with_the_smaller_one() -> None:
    assert list(seed.users(1000))[:10] == list(seed.users(10))
    assert [len(batch) for batch in seed.rows(25, size=10)] == [10, 10, 5]


def test_create_leaves_what_is_there_and_sets_wal(tmp_path: Path) -> None:
    file = tmp_path / "new" / "a.db"
    url = f"sqlite:///{file}"
    assert tool("create", url=url).returncode == 0
    assert tool("seed", "--users", "5", url=url).returncode == 0
    assert tool("create", url=url).returncode == 0
    assert len(rows(url)) == 5
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_snapshot_and_restore_bring_everything_back(tmp_path: Path) -> None:
    file, copy = tmp_path / "a.db", tmp_path / "copy.db"
    url = f"sqlite:///{file}"
    tool("seed", "--users", "20", url=url)
    before = rows(url)
    assert tool("snapshot", str(copy), url=url).returncode == 0
    # A killed server leaves a log behind: it must not come back.
    log, kept = file.with_name("a.db-wal"), tmp_path / "kept"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("DELETE FROM users WHERE id > 3")
        connection.commit()
        shutil.copyfile(log, kept)
    kept.replace(log)
    assert tool("restore", str(copy), url=url).returncode == 0
    assert rows(url) == before
    assert {path.stat().st_mode & 0o777 for path in (file, copy)} == {0o600}
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


@pytest.mark.usefixtures("processes")
def test_what_is_in_use_is_not_replaced(tmp_path: Path) -> None:
    """Whoever has it open would go on in a file that is not there any more."""
    file, copy = tmp_path / "a.db", tmp_path / "copy.db"
    url = f"sqlite:///{file}"
    tool("seed", "--users", "5", url=url)
    tool("snapshot", str(copy), url=url)
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("SELECT count(*) FROM users").fetchone()
        done = run_tool("restore", str(copy), url=url)
        assert done.returncode == 1
        assert "is in use" in done.stderr
        connection.execute("DELETE FROM users WHERE id > 3")
        connection.commit()
    assert len(rows(url)) == 3
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert tool("restore", str(copy), url=url).returncode == 0
    assert len(rows(url)) == 5


@pytest.mark.parametrize("content", [b"# No database\n" * 500, b"", b"SQLite format 3\0 but not really"])
def test_only_a_snapshot_is_restored(tmp_path: Path, content: bytes) -> None:
    url, other = f"sqlite:///{tmp_path}/a.db", tmp_path / "other"
    tool("seed", "--users", "5", url=url)
    other.write_bytes(content)
    done = tool("restore", str(other), url=url)
    assert done.returncode == 1
    assert "is no snapshot of a database" in done.stderr
    assert "Traceback" not in done.stderr
    assert len(rows(url)) == 5
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.db", "other"]


def test_what_is_broken_is_replaced(tmp_path: Path) -> None:
    file, copy = tmp_path / "a.db", tmp_path / "copy.db"
    url = f"sqlite:///{file}"
    tool("seed", "--users", "5", url=url)
    tool("snapshot", str(copy), url=url)
    file.write_bytes(b"broken " * 1000)
    assert tool("restore", str(copy), url=url).returncode == 0
    assert len(rows(url)) == 5


def test_a_snapshot_does_not_replace_its_database(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/a.db"
    tool("seed", "--users", "5", url=url)
    done = tool("snapshot", f"{tmp_path}/./a.db", url=url)
    assert done.returncode == 1
    assert "is the database itself" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["restore", "none.db"], "there is no snapshot"),
        (["snapshot", "copy.db"], "there is no database"),
        (["migrate"], "there is no database"),
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
    before = rows(url)
    done = tool("seed", "--users", "6", url=url)
    assert (done.returncode, "holds users already" in done.stderr) == (1, True)
    assert rows(url) == before


def test_help_names_every_command_and_what_it_takes() -> None:
    listed = re.findall(r"^    (\w+)", tool("--help", url="x").stdout, re.MULTILINE)
    assert listed == ["create", "migrate", "seed", "snapshot", "restore", "admin", "password"]
    helps = {name: " ".join(tool(name, "--help", url="x").stdout.split()) for name in listed}
    assert [name for name in listed if f"usage: python -m userdb.database {name} " not in helps[name]] == []
    assert [name for name in listed if "8 to 128 characters" in helps[name]] == ["admin", "password"]
    assert [name for name in listed if "--email EMAIL" in helps[name]] == ["admin"]
    assert "no way back but a snapshot" in helps["migrate"]


def test_a_wrong_number_or_url_is_named(tmp_path: Path) -> None:
    assert "--users" in tool("seed", "--users", "0", url="sqlite:///x").stderr
    assert "DATABASE_URL" in tool("create", url="mysql://x/y").stderr
    (tmp_path / "file").write_text("")
    done = tool("create", url=f"sqlite:///{tmp_path}/file/a.db")
    assert (done.returncode, "Traceback" in done.stderr) == (1, False)


# Calls one after another on one database, with what is typed at them: done, refused, and wrong.
CALLS = [
    (["migrate"], ""),
    (["admin", "eve", "--email", "eve@example.org"], "open sesame\n"),
    (["create"], ""),
    (["seed", "--users", "0"], ""),
    (["seed", "--users", "3"], ""),
    (["seed", "--users", "3"], ""),
    (["admin", "eve", "--email", "eve@example.org"], "open sesame\n"),
    (["password", "eve"], "short\n"),
    (["password", "\udcff"], "open sesame\n"),
    (["snapshot", "/none/copy.db"], ""),
    (["restore", "--help"], ""),
]


@pytest.mark.usefixtures("processes")
def test_the_command_does_what_is_done_in_this_process(tmp_path: Path) -> None:
    here, there = (f"sqlite:///{tmp_path}/{name}.db" for name in "ab")
    for arguments, typed in CALLS:
        done, ran = tool(*arguments, url=here, typed=typed), run_tool(*arguments, url=there, typed=typed)
        told = ran.stdout, ran.stderr.replace(f"{tmp_path}/b.db", f"{tmp_path}/a.db")
        assert (done.returncode, done.stdout, done.stderr) == (ran.returncode, *told), arguments
    assert [row[:3] for row in rows(here)] == [row[:3] for row in rows(there)]
    assert len(rows(here)) == 4
