"""Passwords, hashes and tokens stand in no answer, in no line of the log and among no counts."""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.support.accounts import ADMIN, KEY
from tests.support.answers import Answer
from tests.support.apps import APPS, in_process, settings_for
from tests.support.clients import Client
from tests.support.people import PASSWORD, Person, authorization, fresh, join, log_in, send, token
from userdb import logs, statements
from userdb.settings import from_environment

SECRETS = [PASSWORD, "argon2", "password_hash"]


def told(answer: Answer) -> str:
    """All that an answer says."""
    return "\n".join([*(f"{name}: {value}" for name, value in answer.headers), answer.body.decode()])


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> Iterator[list[str]]:
    """Every line that is logged, by whomever, as the apps write it."""
    lines: list[str] = []

    class Keeping(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(logs.Formatter().format(record))

    handler, root = Keeping(), logging.getLogger()
    for logger in (root, *(logging.getLogger(f"{app}_app") for app in APPS)):
        logger.addHandler(handler)
    with caplog.at_level(logging.INFO):
        yield lines
    for logger in (root, *(logging.getLogger(f"{app}_app") for app in APPS)):
        logger.removeHandler(handler)


def everything(client: Client) -> list[Answer]:
    """What a person and a program do with a password, right and wrong."""
    member, person = join(client, PASSWORD), Person(client)
    person.log_in(member)
    header = authorization(token(client, member))
    pages = [
        person.open(f"{member.page}/edit"),
        person.fill(f"{member.page}/edit", password=PASSWORD, age="x"),
        person.fill(f"{member.page}/edit", password=PASSWORD, username="admin"),
        person.fill(f"{member.page}/edit", password=PASSWORD),
        person.open(member.page),
        Person(client).fill("/login", username=member.username, password=f"{PASSWORD}!"),
        Person(client).fill("/login", username="a b", password=PASSWORD),
        Person(client).fill("/register", username=fresh(), email="x", password=PASSWORD),
        Person(client, 1).fill("/users/new", username="admin", email="x@y", password=PASSWORD),
    ]
    return [
        *(page.answer for page in pages),
        log_in(client, member.username, f"{PASSWORD}!"),
        send(client, "POST", "/api/login", {"username": member.username, "password": [PASSWORD]}),
        send(client, "POST", "/api/login", {"username": member.username, "pass": PASSWORD}),
        send(client, "PATCH", member.path, {"password": f"{PASSWORD}{'!' * 200}"}, ADMIN),
        send(client, "PATCH", member.path, {"password": PASSWORD}, header),
        client.request("GET", member.path),
        client.request("GET", f"/api/users?q={member.username}"),
        client.request("GET", "/metrics"),
        client.request("GET", "/openapi.json"),
    ]


def test_no_answer_and_no_line_holds_a_password_or_a_hash(app_client: Client, log: list[str]) -> None:
    found = [told(answer) for answer in everything(app_client)]
    assert len({answer.partition("content-length")[0] for answer in found}) > 3
    assert [answer for answer in found for secret in SECRETS if secret in answer.replace("+", " ")] == []
    assert [line for line in log for secret in SECRETS if secret in line] == []


def test_the_keys_stand_nowhere(app_client: Client, log: list[str]) -> None:
    assert [answer for answer in map(told, everything(app_client)) if KEY in answer] == []
    assert [line for line in log if KEY in line] == []


@pytest.mark.parametrize("app", APPS)
def test_a_busy_database_is_logged_without_what_was_to_be_written(
    app: str, database: Path, log: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("userdb.statements.SQLITE_PRAGMAS", ("PRAGMA busy_timeout=20",))
    with closing(sqlite3.connect(database)) as other, in_process(app, settings_for(database)) as client:
        other.execute("BEGIN IMMEDIATE")
        name = fresh()
        value = {"username": name, "email": f"{name}@example.org", "password": PASSWORD}
        assert send(client, "POST", "/api/users", value, ADMIN).status == 503
        assert log_in(client, name, PASSWORD).status == 503
    assert len([line for line in log if "503" in line]) >= 2
    assert [line for line in log for secret in (PASSWORD, "argon2id") if secret in line] == []


@pytest.mark.parametrize("app", APPS)
def test_a_fault_is_logged_without_what_was_to_be_written(
    app: str, postgresql_url: str, log: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What SQLAlchemy raises holds all values of a statement, and a fault of ours is logged in full."""
    monkeypatch.setattr(statements, "CREATE", text("INSERT INTO nowhere VALUES (:username, :password_hash)"))
    settings = from_environment({"DATABASE_URL": postgresql_url, "SESSION_KEYS": KEY})
    with in_process(app, settings) as client:
        value = {"username": fresh(), "email": f"{fresh()}@example.org", "password": PASSWORD}
        answer = send(client, "POST", "/api/users", value, ADMIN)
    assert answer.status == 500
    [fault] = {line for line in log if '"a fault of ours"' in line}
    assert "nowhere" in json.loads(fault)["exception"]
    for secret in (PASSWORD, "$argon2id$", value["username"]):
        assert secret not in fault
        assert secret not in told(answer)


def test_a_password_is_in_no_address(app_client: Client) -> None:
    """Forms send it in the body: URLs stand in histories and logs."""
    for path in ("/login", "/register"):
        page = Person(app_client).open(path)
        assert f'<form method="post" action="{path}"' in page.text
        assert "method" not in page.text.replace('method="post"', "")
    assert send(app_client, "POST", "/api/login?password=x", {"username": "a", "password": "b"}).status == 422
