"""Administrators and passwords from the command line, as a script gives them; at a terminal: test_terminal.py."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.userdb.tool import HASH, command, password_is, rows, run, tool
from userdb import passwords

FIELDS = "SELECT id, username, email, age, created_at, version, is_admin FROM users WHERE username = '{}'"


@pytest.fixture
def seeded_url(url: str) -> str:
    """A database with three seeded users: admin, user0000002 and user0000003."""
    assert tool("seed", "--users", "3", url=url).returncode == 0
    return url


def test_an_administrator_is_created(seeded_url: str) -> None:
    done = tool("admin", "Eve", "--email", "Eve@Example.org", url=seeded_url, typed="open sesame\n")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "Eve is a new user and an administrator\n"
    [(number, *values, created_at, version, is_admin)] = rows(seeded_url, FIELDS.format("Eve"))
    assert (number, values, version, is_admin) == (4, ["Eve", "eve@example.org", None], 1, True)
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ", created_at)
    assert password_is(seeded_url, "Eve", "open sesame")
    assert not password_is(seeded_url, "Eve", passwords.SEEDED)


def test_a_user_becomes_an_administrator_and_keeps_the_rest(seeded_url: str) -> None:
    [before] = rows(seeded_url, FIELDS.format("user0000002"))
    others = rows(seeded_url, "SELECT * FROM users WHERE id <> 2 ORDER BY id")
    done = tool("admin", "user0000002", url=seeded_url, typed="open sesame\n")
    assert (done.returncode, done.stdout, done.stderr) == (0, "user0000002 is now an administrator\n", "")
    assert rows(seeded_url, FIELDS.format("user0000002")) == [(*before[:5], 2, True)]
    assert password_is(seeded_url, "user0000002", "open sesame")
    assert rows(seeded_url, "SELECT * FROM users WHERE id <> 2 ORDER BY id") == others


def test_an_email_that_is_named_is_the_users_from_then_on(seeded_url: str) -> None:
    typed = "open sesame\n"
    assert tool("admin", "user0000002", "--email", "Two@example.org", url=seeded_url, typed=typed).returncode == 0
    assert rows(seeded_url, "SELECT email FROM users WHERE id = 2") == [("two@example.org",)]


def test_a_password_is_set_and_nothing_else(seeded_url: str) -> None:
    [before] = rows(seeded_url, FIELDS.format("user0000003"))
    others = rows(seeded_url, "SELECT * FROM users WHERE id <> 3 ORDER BY id")
    done = tool("password", "user0000003", url=seeded_url, typed="open sesame\n")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert rows(seeded_url, FIELDS.format("user0000003")) == [(*before[:5], 2, False)]
    assert password_is(seeded_url, "user0000003", "open sesame")
    assert rows(seeded_url, "SELECT * FROM users WHERE id <> 3 ORDER BY id") == others


def test_the_same_password_again_ends_sessions_too(seeded_url: str) -> None:
    assert tool("password", "admin", url=seeded_url, typed=f"{passwords.SEEDED}\n").returncode == 0
    assert password_is(seeded_url, "admin", passwords.SEEDED)
    assert rows(seeded_url, HASH.format("admin")) != [(passwords.SEEDED_HASH,)]  # sessions hold a stamp of the hash
    assert rows(seeded_url, "SELECT is_admin FROM users WHERE id = 1") == [(True,)]


@pytest.mark.parametrize(
    ("typed", "password"),
    [
        ("8 chars!\n", "8 chars!"),
        ("x" * 128 + "\n", "x" * 128),
        ("ä" * 128, "ä" * 128),  # characters, not bytes, and no newline
        ("the first\nthe second\n", "the first"),
        ("from Windows\r\n", "from Windows"),
        (" spaces stay \n", " spaces stay "),
    ],
)
def test_the_first_line_is_the_password(file_url: str, typed: str, password: str) -> None:
    done = tool("password", "user0000002", url=file_url, typed=typed)
    assert (done.returncode, done.stderr) == (0, "")
    assert password_is(file_url, "user0000002", password)


@pytest.mark.parametrize("typed", ["", "\n", "7 chars\n", "7 chars\r\n", "x" * 129, "\nopen sesame\n"])
@pytest.mark.parametrize("how", [["password", "user0000003"], ["admin", "eve", "--email", "eve@example.org"]])
def test_a_password_of_a_wrong_length_is_refused(file_url: str, how: list[str], typed: str) -> None:
    before = rows(file_url)
    done = tool(*how, url=file_url, typed=typed)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "userdb.database: the password must be 8 to 128 characters\n"
    assert rows(file_url) == before


@pytest.mark.usefixtures("processes")
def test_a_password_that_is_no_text_is_refused(file_url: str) -> None:
    before = rows(file_url)
    line = command("password", "user0000003", url=file_url)
    done = subprocess.run(line, input=b"open \xff sesame\n", capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (1, b"userdb.database: the password is not UTF-8\n")
    closed = subprocess.run(["sh", "-c", 'exec "$@" <&-', "sh", *line], capture_output=True, check=False)
    assert (closed.returncode, b"8 to 128 characters" in closed.stderr, b"Traceback" in closed.stderr) == (
        1,
        True,
        False,
    )
    assert rows(file_url) == before


@pytest.mark.parametrize(
    ("how", "sentence"),
    [
        (["password", "nobody"], "there is no user nobody"),
        (["password", "ADMIN"], "there is no user ADMIN"),
        (["admin", "nobody"], "there is no user nobody: with --email EMAIL it is created"),
        (["admin", "eve", "--email", "Admin@example.org"], "another user has the email admin@example.org"),
        (["admin", "user0000003", "--email", "admin@example.org"], "another user has the email admin@example.org"),
    ],
)
def test_what_can_not_be_is_said_in_a_sentence(seeded_url: str, how: list[str], sentence: str) -> None:
    before = rows(seeded_url)
    done = tool(*how, url=seeded_url, typed="open sesame\n")
    assert (done.returncode, done.stdout, done.stderr) == (1, "", f"userdb.database: {sentence}\n")
    assert rows(seeded_url) == before


@pytest.mark.parametrize(
    ("how", "sentence"),
    [
        (["admin", "e v e", "--email", "eve@example.org"], "argument NAME: 1 to 80 letters (A to Z), digits"),
        (["admin", "", "--email", "eve@example.org"], "argument NAME: 1 to 80 letters (A to Z), digits"),
        (["admin", "x" * 81, "--email", "eve@example.org"], "argument NAME: 1 to 80 letters (A to Z), digits"),
        (["admin", "\udcff", "--email", "eve@example.org"], "argument NAME: 1 to 80 letters (A to Z), digits"),
        (["password", "e/v/e"], "argument NAME: 1 to 80 letters (A to Z), digits"),
        (["admin", "eve", "--email", "example.org"], "argument --email: local@domain"),
        (["admin", "eve", "--email", "é@example.org"], "argument --email: local@domain"),
        (["admin", "eve", "--email", ""], "argument --email: local@domain"),
        (["admin", "--email", "eve@example.org"], "required: NAME"),
        (["password"], "required: NAME"),
    ],
)
def test_what_may_not_be_a_name_or_an_email_is_named(file_url: str, how: list[str], sentence: str) -> None:
    before = rows(file_url)
    done = tool(*how, url=file_url, typed="open sesame\n")
    assert (done.returncode, sentence in done.stderr, "Traceback" in done.stderr) == (2, True, False)
    assert rows(file_url) == before


@pytest.mark.parametrize(
    "how", [["password", "admin"], ["admin", "admin"], ["admin", "eve", "--email", "e@example.org"]]
)
def test_without_a_database_of_this_version_there_are_no_accounts(tmp_path: Path, how: list[str]) -> None:
    missing, empty, old = (tmp_path / name for name in ("missing.db", "empty.db", "old.db"))
    empty.touch()
    assert tool("create", url=f"sqlite:///{old}").returncode == 0
    run(f"sqlite:///{old}", "UPDATE alembic_version SET version_num = '0001'")
    sentences = {missing: "there is no database", empty: "is empty", old: "run `python -m userdb.database migrate`"}
    for file, sentence in sentences.items():
        done = tool(*how, url=f"sqlite:///{file}", typed="open sesame\n")
        assert (done.returncode, sentence in done.stderr) == (1, True)
    assert not missing.exists()
    assert rows(f"sqlite:///{old}") == []


@pytest.mark.parametrize("arguments", [["password", "nobody"], ["admin", "nobody"]])
def test_nobody_types_a_password_for_nothing(url: str, arguments: list[str]) -> None:
    """What else is wrong is said first: this password would be too short."""
    tool("create", url=url)
    done = tool(*arguments, url=url, typed="short\n")
    assert done.returncode == 1
    assert "there is no user nobody" in done.stderr
