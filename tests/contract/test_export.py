"""All users as a CSV file: in pieces that are made as fast as they are read."""

from __future__ import annotations

import csv
import json
import sqlite3
import tracemalloc
from contextlib import closing
from io import StringIO
from pathlib import Path
from secrets import token_hex

import pytest

from tests.contract.pieces import pieces
from tests.support.accounts import ADMIN
from tests.support.apps import APPS, in_process, settings_for
from tests.support.clients import Client
from tests.support.files import UPLOAD, upload
from tests.support.problems import faults, problem
from userdb import csv_files
from userdb.database import lifecycle

PATH = "/api/users/export.csv"
LARGE = 40_000


def test_all_users_are_in_the_file(client: Client) -> None:
    name = f"out-{token_hex(4)}"
    lines = f'username,email,age\n-{name},"=1+1,""{name}""@b",7\n{name},+{name}@b,\n'
    assert client.request("POST", "/api/users/import", {**ADMIN, **UPLOAD}, upload(lines.encode())).status == 201
    answer = client.request("GET", PATH)
    assert (answer.status, answer.header("Content-Type")) == (200, "text/csv; charset=utf-8")
    assert answer.header("Content-Disposition") == 'attachment; filename="users.csv"'
    assert answer.header("Content-Length") is None
    columns, *rows = csv.reader(StringIO(answer.body.decode(), newline=""), strict=True)
    assert columns == ["id", "username", "email", "age", "created_at", "version"]
    assert rows[6] == ["7", "user0000007", "user0000007@example.org", "37", "2026-01-01T00:00:07Z", "1"]
    ids = [int(row[0]) for row in rows]
    assert ids == sorted(ids)
    after, found = 0, 0
    while users := json.loads(client.request("GET", f"/api/users?limit=100&after={after}").body)["users"]:
        after, found = users[-1]["id"], found + len(users)
    assert found == len(rows) > 300
    # Nothing that a spreadsheet would compute.
    assert [row[1:4] for row in rows if name in row[1]] == [
        [f"'-{name}", f'\'=1+1,"{name}"@b', "7"],
        [name, f"'+{name}@b", ""],
    ]


def test_its_head_and_what_it_does_not_take(client: Client) -> None:
    get, head = client.request("GET", PATH), client.request("HEAD", PATH)
    varying = ("Date", "X-Request-ID", "Transfer-Encoding")
    assert [each for each in head.headers if each[0] not in varying] == [
        each for each in get.headers if each[0] not in varying
    ]
    assert (head.status, head.body) == (200, b"")
    assert faults(client.request("GET", f"{PATH}?limit=1")) == ["limit"]
    assert problem(client.request("POST", PATH), 405)["detail"] == "This URL takes GET, HEAD, OPTIONS."


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database of so many users that a file of them is large beside what an app needs for a page."""
    file = tmp_path_factory.mktemp("large") / "users.db"
    lifecycle.seed(settings_for(file), LARGE)
    return file


@pytest.mark.parametrize("app", APPS)
def test_memory_does_not_grow_with_the_file(app: str, large: Path) -> None:
    read, sizes = 0, []

    def reads(piece: bytes) -> bool:
        nonlocal read
        if not read:
            tracemalloc.start()
        read += len(piece)
        sizes.append(len(piece))
        return True

    pieces(app, settings_for(large, STORE="direct"), PATH, reads)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (len(sizes), read > 2_000_000) == (LARGE / csv_files.PIECE, True)
    assert peak < read / 5
    assert max(sizes) < 20_000


@pytest.mark.parametrize("app", APPS)
def test_a_slow_reader_keeps_nothing_in_the_database_and_what_it_does_not_read_is_not_made(
    app: str, store: str, statements: list[str], database: Path
) -> None:
    """While it reads, what was written can be put where it belongs, which a transaction for reading would not allow."""
    seen = []

    def reads(piece: bytes) -> bool:
        with closing(sqlite3.connect(database)) as other:
            other.executescript("UPDATE users SET age = 1 WHERE id = 300")
            seen.append(other.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0])
            seen.append(len([each for each in statements if each.startswith("SELECT users.id")]))
        return False

    pieces(app, settings_for(database), PATH, reads)
    assert seen == [0, 1]
    assert len([each for each in statements if each.startswith("SELECT users.id")]) == 1


def test_a_process_sends_a_few_at_a_time(store: str, database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each gives its place back, one without a body too."""
    monkeypatch.setattr(csv_files, "MOST_EXPORTS", 1)
    for app in APPS:
        with in_process(app, settings_for(database)) as client:
            for method in ("HEAD", "GET", "HEAD", "GET"):
                assert client.request(method, PATH).status == 200
    monkeypatch.setattr(csv_files, "MOST_EXPORTS", 0)
    for app in APPS:
        with in_process(app, settings_for(database)) as client:
            answer = client.request("GET", PATH)
            assert problem(answer, 503)["detail"] == "Too many are exporting users."
            assert answer.header("Retry-After") == "1"
