"""Changes that come at once, in the direct stores: they wait for one writer, which writes them together."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.support.accounts import ADMIN_JSON
from tests.support.apps import APPS, in_process, settings_for
from tests.support.clients import Client
from tests.support.waiting import eventually

MANY = 8
"""Changes at once."""


@contextmanager
def locked(database: Path) -> Iterator[None]:
    """Somebody else writes."""
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


def change(client: Client, user_id: int, **fields: object) -> int:
    """The status of a change."""
    return client.request("PATCH", f"/api/users/{user_id}", ADMIN_JSON, json.dumps(fields).encode()).status


@pytest.mark.parametrize("app", APPS)
def test_what_waits_is_written_together_and_each_is_told_its_own(
    app: str, database: Path, statements: list[str]
) -> None:
    settings = settings_for(database, STORE="direct", READ_CONNECTIONS="16")
    with in_process(app, settings) as client, ThreadPoolExecutor(MANY + 1) as pool:
        with locked(database):
            statements.clear()
            first = pool.submit(change, client, 5, age=1)
            assert eventually(lambda: "BEGIN IMMEDIATE" in statements)
            before = len(statements)
            # Nobody is told anything before the group is written, and one that fails hurts no other.
            others = [pool.submit(change, client, 7, age=number) for number in range(MANY - 1)]
            failing = pool.submit(change, client, 8, username="admin")
            assert eventually(lambda: len(statements) >= before + MANY)  # each has asked who it is
            assert not any(each.done() for each in (first, *others, failing))
        assert [each.result() for each in (first, *others)] == [200] * MANY
        assert failing.result() == 409
        assert b'"version":8' in client.request("GET", "/api/users/7").body
        assert b'"version":1' in client.request("GET", "/api/users/8").body
    assert statements.count("BEGIN IMMEDIATE") < 1 + MANY


@pytest.mark.parametrize("app", APPS)
def test_where_too_many_wait_the_next_is_told_at_once(app: str, database: Path, statements: list[str]) -> None:
    settings = settings_for(database, STORE="direct", WRITE_QUEUE="1")
    with in_process(app, settings) as client, ThreadPoolExecutor(3) as pool:
        with locked(database):
            statements.clear()
            first = pool.submit(change, client, 5, age=1)
            assert eventually(lambda: "BEGIN IMMEDIATE" in statements)
            others = [pool.submit(change, client, user_id, age=1) for user_id in (6, 7)]
            assert eventually(lambda: any(each.done() for each in others))
            assert [each.result() for each in others if each.done()] == [503]
        assert sorted(each.result() for each in (first, *others)) == [200, 200, 503]
        assert change(client, 8, age=1) == 200


@pytest.mark.parametrize("app", APPS)
def test_whoever_has_waited_too_long_is_refused_without_another_try(
    app: str, database: Path, statements: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("userdb.statements.SQLITE_PRAGMAS", ("PRAGMA busy_timeout=2000",))
    monkeypatch.setattr(f"{app}_app.stores.writer.WAIT", 0.5)
    settings = settings_for(database, STORE="direct")
    with in_process(app, settings) as client, ThreadPoolExecutor(2) as pool:
        with locked(database):
            statements.clear()
            first = pool.submit(change, client, 5, age=1)
            assert eventually(lambda: "BEGIN IMMEDIATE" in statements)
            second = pool.submit(change, client, 6, age=1)
            assert [first.result(), second.result()] == [503, 503]
        assert statements.count("BEGIN IMMEDIATE") == 1
        assert change(client, 6, age=1) == 200


@pytest.mark.parametrize("app", APPS)
def test_where_nothing_can_be_written_each_is_told_and_reading_goes_on(
    app: str, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("userdb.statements.SQLITE_PRAGMAS", ("PRAGMA query_only=ON",))
    with in_process(app, settings_for(database, STORE="direct")) as client, ThreadPoolExecutor(MANY) as pool:
        found = [pool.submit(change, client, user_id, age=1) for user_id in range(5, 5 + MANY)]
        assert [each.result() for each in found] == [503] * MANY
        assert client.request("GET", "/api/users/7").status == 200
