"""Settings, entity tags, errors, the wire: the small parts of the core."""

from __future__ import annotations

import pytest

from userdb import etags, html, sqlite_driver, wire
from userdb.errors import PreconditionFailed, Problem, of_status
from userdb.forms import Preconditions
from userdb.models import User
from userdb.settings import SettingsError, from_environment
from userdb.statuses import TITLES
from userdb.viewer import Viewer

USER = User(7, "<b>", "ada@example.org", None, "2026-01-01T00:00:07Z", 3)


@pytest.mark.parametrize("version", ["3.51.3", "3.51.4", "3.52.0", "4.0.0", "3.50.7", "3.50.8", "3.44.6"])
def test_sound_versions(version: str) -> None:
    assert sqlite_driver.is_sound(version)


@pytest.mark.parametrize("version", ["3.51.2", "3.50.6", "3.49.9", "3.44.5", "3.45.0", "3.40.1", "3.7.0"])
def test_versions_with_the_defect(version: str) -> None:
    assert not sqlite_driver.is_sound(version)
    with pytest.raises(sqlite_driver.DefectiveSQLiteError, match="pysqlite3"):
        sqlite_driver.refuse_defective(version)
    sqlite_driver.refuse_defective(version, allowed=True)


def test_the_driver_is_swapped_whole() -> None:
    import sqlite3

    import aiosqlite
    from sqlalchemy.dialects.sqlite.aiosqlite import dialect

    assert sqlite_driver.is_sound(sqlite3.sqlite_version)
    assert aiosqlite.OperationalError is sqlite3.OperationalError
    assert dialect.import_dbapi().sqlite_version == sqlite3.sqlite_version


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "mysql://x/y"),
        ("DATABASE_URL", "sqlite://"),
        ("DATABASE_URL", "nonsense"),
        ("READ_CONNECTIONS", "0"),
        ("READ_CONNECTIONS", "many"),
        ("NEWS_CONNECTIONS", "-1"),
        ("NEWS_TIMEOUT", "never"),
        ("NEWS_TIMEOUT", "0"),
    ],
)
def test_a_setting_that_makes_no_sense_is_named(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name):
        from_environment({name: value})


def test_an_sqlite_file_is_opened_only_if_it_is_there() -> None:
    url = from_environment({"DATABASE_URL": "sqlite:////tmp/a b?.db"}).driver_url("sqlite+aiosqlite")
    assert url.database == "file:/tmp/a%20b"
    assert dict(url.query) == {"mode": "rw", "uri": "true"}


@pytest.mark.parametrize(
    ("header", "known"), [(None, False), ('"3"', True), ('W/"3"', True), ("3", False), ('"1","3"', True)]
)
def test_if_none_match(header: str | None, known: bool) -> None:
    assert etags.is_known(USER, header) is known


@pytest.mark.parametrize(
    ("if_match", "if_none_match", "holds"),
    [
        (None, None, True),
        ('"3"', None, True),
        ('W/"3"', None, False),
        ('"2"', None, False),
        ("*", None, True),
        (None, '"3"', False),
        (None, '"2"', True),
        ('"3"', '"3"', False),
        ("", None, False),
    ],
)
def test_preconditions(if_match: str | None, if_none_match: str | None, holds: bool) -> None:
    if holds:
        etags.check(USER, Preconditions(if_match, if_none_match))
    else:
        with pytest.raises(PreconditionFailed):
            etags.check(USER, Preconditions(if_match, if_none_match))


def test_pages_escape_what_users_wrote() -> None:
    page = html.user(Viewer(None, None, "", "", None), USER)
    assert b"<b>" not in page.body
    assert b"<h1>&lt;b&gt;</h1>" in page.body


def test_every_error_has_a_title_and_its_form_depends_on_the_path() -> None:
    for kind in Problem.__subclasses__():
        assert kind.status in TITLES
    for path, content_type in (
        ("/api", wire.PROBLEM),
        ("/api/x", wire.PROBLEM),
        ("/apis", html.HTML),
        ("/", html.HTML),
    ):
        assert html.error(of_status(404), path, "id").headers[0] == ("content-type", content_type)


def test_a_status_that_a_framework_chose_keeps_it() -> None:
    for status in (400, 404, 408, 413, 415, 417, 501):
        assert of_status(status).status == status
