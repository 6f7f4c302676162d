"""What clients are told when something behind the app fails."""

from __future__ import annotations

import json
import logging
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.accounts import ADMIN_JSON
from tests.support.apps import APPS, in_process, settings_for
from tests.support.news import always, news_service
from userdb import logs, wire


@pytest.mark.parametrize("app", APPS)
@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, b"{}"),
        (404, b'{"items":[]}'),
        (200, b"<html>"),
        (200, b'{"items":1}'),
        (200, b'{"items":[{"title":"x"}]}'),
    ],
)
def test_news_service_fails(database: Path, app: str, status: int, body: bytes) -> None:
    with news_service(always(status, body)) as url, in_process(app, settings_for(database, NEWS_URL=url)) as client:
        answer = client.request("GET", "/api/users/7/news")
        assert (answer.status, json.loads(answer.body)["detail"]) == (502, "The news service failed.")


@pytest.mark.parametrize("app", APPS)
def test_news_service_is_not_there(database: Path, app: str) -> None:
    settings = settings_for(database, NEWS_URL="http://127.0.0.1:9/news")
    with in_process(app, settings) as client:
        assert client.request("GET", "/api/users/7/news").status == 502


@pytest.mark.parametrize("app", APPS)
def test_news_service_is_too_slow(database: Path, app: str) -> None:
    with news_service(always(200, b'{"items":[]}', delay=20)) as url:
        settings = settings_for(database, NEWS_URL=url, NEWS_TIMEOUT="0.2")
        with in_process(app, settings) as client:
            assert client.request("GET", "/api/users/7/news").status == 504


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize("app", APPS)
def test_database_is_locked(database: Path, app: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("userdb.statements.SQLITE_PRAGMAS", ("PRAGMA busy_timeout=50",))
    with closing(sqlite3.connect(database)) as other, in_process(app, settings_for(database)) as client:
        other.execute("BEGIN IMMEDIATE")
        answer = client.request("PATCH", "/api/users/7", ADMIN_JSON, b'{"age":1}')
        assert (answer.status, answer.header("Retry-After")) == (503, "1")
        assert client.request("GET", "/api/users/7").status == 200
        other.rollback()
        assert client.request("PATCH", "/api/users/7", ADMIN_JSON, b'{"age":1}').status == 200


@pytest.mark.parametrize("app", APPS)
def test_a_fault_of_ours_shows_the_request_id_and_nothing_else(
    database: Path, app: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> wire.Answer:
        raise RuntimeError("secret of /srv/app")

    with in_process(app, settings_for(database)) as client, caplog.at_level(logging.ERROR):
        monkeypatch.setattr(wire, "healthy", broken)
        answer = client.request("GET", "/healthz", {"X-Request-ID": "0123abcd"})
    assert answer.status == 500
    assert b"0123abcd" in answer.body
    assert b"secret" not in answer.body
    assert b"Traceback" not in answer.body
    [record] = [each for each in caplog.records if each.name == f"{app}_app"]
    line = json.loads(logs.Formatter().format(record))
    assert list(line) == ["time", "level", "logger", "message", "request_id", "exception"]
    assert (line["level"], line["logger"], line["request_id"]) == ("error", f"{app}_app", "0123abcd")
    assert "secret of /srv/app" in line["exception"]


@pytest.mark.parametrize("app", APPS)
def test_what_fails_behind_an_app_is_logged_with_the_request_and_the_cause(
    database: Path, app: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger(f"{app}_app").handlers[0], "stream", sys.stderr)
    settings = settings_for(database, NEWS_URL="http://127.0.0.1:9/news")
    with in_process(app, settings) as client:
        client.request("GET", "/api/users/7/news", {"X-Request-ID": "0123abcd"})
        client.request("GET", "/api/users/99999", {"X-Request-ID": "of a client's own making"})
    [text] = capsys.readouterr().err.splitlines()
    line = json.loads(text)
    assert (line["level"], line["request_id"]) == ("warning", "0123abcd")
    assert line["message"].startswith("502 The news service failed.: ")
    assert "Connect" in line["message"].removeprefix("502 The news service failed.: ")
    assert "exception" not in line


def test_a_line_of_the_log_is_one_line() -> None:
    record = logging.LogRecord("x_app", logging.ERROR, "x.py", 1, "two\nlines and a %s", ("\u2028",), None)
    assert "\n" not in logs.Formatter().format(record)


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize("app", APPS)
def test_a_database_that_is_missing_is_not_made(tmp_path: Path, app: str) -> None:
    file = tmp_path / "none.db"
    with pytest.raises(Exception, match=r"there is no database .*none\.db"), in_process(app, settings_for(file)):
        pass
    assert not file.exists()


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize("app", APPS)
@pytest.mark.parametrize(("version", "said"), [("0001", "run `python -m userdb.database migrate`"), ("9999", "newer")])
def test_a_database_of_another_version_is_refused(database: Path, app: str, version: str, said: str) -> None:
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", (version,))
    with pytest.raises(Exception, match=f"schema {version}.*{said}"), in_process(app, settings_for(database)):
        pass


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize("app", APPS)
def test_a_defective_sqlite_is_refused_unless_allowed(
    database: Path, app: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("userdb.sqlite_driver.is_sound", lambda version: False)
    with pytest.raises(Exception, match="can corrupt a database in WAL mode"), in_process(app, settings_for(database)):
        pass
    with in_process(app, settings_for(database, ALLOW_DEFECTIVE_SQLITE="1")) as client:
        assert client.request("GET", "/readyz").status == 200
