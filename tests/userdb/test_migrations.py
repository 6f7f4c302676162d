"""Migrations: they lead to exactly the tables that the apps know, lose nothing, and are done as a whole or not at all."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
import setuptools
from alembic import command as alembic_command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Column, Integer, MetaData, Table, inspect

from tests.support.accounts import KEY
from tests.support.waiting import eventually
from tests.userdb.catalogue import catalogue
from tests.userdb.old import INSERT, OLD_ROWS, empty, make_old
from tests.userdb.tool import command, connected, rows, run, tool
from userdb import models
from userdb.database import connections, schema
from userdb.settings import from_environment

NewUrl = Callable[[], str]


# All commands that change a database that is there.
EVERY_CHANGE = [["migrate"], ["create"], ["seed"], ["admin", "admin"], ["password", "admin"]]

# Kills the tool, as pulling the plug would, when a migration comes to its first new table: columns are added by then.
KILLED = """
import os, signal, sys
from userdb.database import __main__ as tool
from alembic import op
op.create_table = lambda *arguments, **options: os.kill(os.getpid(), signal.SIGKILL)
sys.exit(tool.main(sys.argv[1:]))
"""


@pytest.fixture
def old_url(url: str) -> str:
    """A database from before there were migrations; its third and last user was removed."""
    inserts = [
        INSERT.format("admin", 55, "2026-01-01T00:00:01Z", 1),
        INSERT.format("Zoe", "NULL", "2026-02-28T23:59:59Z", 12),
        INSERT.format("gone", 20, "2026-03-01T00:00:00Z", 1),
    ]
    make_old(url)
    run(url, *inserts, "DELETE FROM users WHERE username = 'gone'")
    return url


def make_from_models(url: str) -> None:
    """Make the tables that the apps know without any migration."""
    with connected(url) as connection:
        models.metadata.create_all(connection)


def contents(url: str) -> object:
    """All that may not change when a migration is refused or fails: every table, alembic's too, and all users."""
    with connected(url) as connection:
        return catalogue(connection), sorted(inspect(connection).get_table_names()), rows(url)


def described(url: str) -> object:
    """The catalogue of a database, which must hold something."""
    with connected(url) as connection:
        found = catalogue(connection)
    assert "username" in str(found)
    return found


def test_migrations_lead_to_the_tables_of_the_apps(new_url: NewUrl) -> None:
    migrated, made = new_url(), new_url()
    assert tool("create", url=migrated).returncode == 0
    make_from_models(made)
    assert described(migrated) == described(made)
    assert rows(migrated, "SELECT version_num FROM alembic_version") == [(models.SCHEMA,)]


def test_alembic_finds_no_difference_and_would_find_one(url: str) -> None:
    assert tool("create", url=url).returncode == 0
    more = MetaData(naming_convention=models.metadata.naming_convention)
    for table in models.metadata.sorted_tables:
        table.to_metadata(more)
    Table("users", more, Column("shoe_size", Integer), extend_existing=True)
    with connected(url) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, models.metadata) == []
        assert [difference[0] for difference in compare_metadata(context, more)] == ["add_column"]


@pytest.mark.parametrize("how", ["migrate", "create"])
def test_a_database_from_before_keeps_its_users(old_url: str, new_url: NewUrl, how: str) -> None:
    assert rows(old_url) == OLD_ROWS
    done = tool(how, url=old_url)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    made = new_url()
    make_from_models(made)
    assert described(old_url) == described(made)
    assert rows(old_url) == [(*row, None, False) for row in OLD_ROWS]
    run(old_url, INSERT.format("new", 30, "2026-04-01T00:00:00Z", 1))
    assert rows(old_url, "SELECT id FROM users WHERE username = 'new'") == [(4,)]  # 3 is not used again


def test_the_first_migration_makes_what_was_there_before(new_url: NewUrl) -> None:
    old, first = new_url(), new_url()
    make_old(old)
    with connected(first) as connection:
        alembic_command.upgrade(schema.configuration(connection), "0001")
    assert described(first) == described(old)
    assert tool("migrate", url=first).returncode == 0
    assert rows(first, "SELECT version_num FROM alembic_version") == [(models.SCHEMA,)]


def test_migrating_again_changes_nothing(url: str) -> None:
    assert tool("seed", "--users", "3", url=url).returncode == 0
    before = contents(url)
    for how in ("migrate", "create"):
        done = tool(how, url=url)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        assert contents(url) == before


def test_the_way_back_removes_accounts_and_keeps_users(url: str, new_url: NewUrl) -> None:
    assert tool("seed", "--users", "3", url=url).returncode == 0
    users = rows(url)
    with connected(url) as connection:
        alembic_command.downgrade(schema.configuration(connection), "0001")
    old = new_url()
    make_old(old)
    assert described(url) == described(old)
    assert rows(url) == [row[:6] for row in users]
    with connected(url) as connection:
        alembic_command.downgrade(schema.configuration(connection), "base")
        assert inspect(connection).get_table_names() == ["alembic_version"]
    assert tool("seed", "--users", "3", url=url).returncode == 0
    assert rows(url) == users


def test_a_migration_that_fails_half_way_leaves_the_old_state(old_url: str) -> None:
    run(old_url, "CREATE TABLE login_attempts (x INTEGER)")  # in the way of the last step
    before = contents(old_url)
    done = tool("migrate", url=old_url)
    assert (done.returncode, "login_attempts" in done.stderr, "Traceback" in done.stderr) == (1, True, False)
    assert contents(old_url) == before
    run(old_url, "DROP TABLE login_attempts")
    assert tool("migrate", url=old_url).returncode == 0
    assert len(rows(old_url)) == len(OLD_ROWS)


@pytest.mark.usefixtures("processes")
@pytest.mark.parametrize("how", ["migrate", "create"])
def test_a_migration_that_is_killed_leaves_the_old_state(old_url: str, how: str) -> None:
    before = contents(old_url)
    killed = subprocess.run([sys.executable, "-c", KILLED, "--url", old_url, how], check=False)
    assert killed.returncode == -9
    assert contents(old_url) == before
    assert tool("migrate", url=old_url).returncode == 0
    assert rows(old_url) == [(*row, None, False) for row in OLD_ROWS]


def test_where_there_is_no_database_none_is_made(tmp_path: Path) -> None:
    file = tmp_path / "folder" / "a.db"
    done = tool("migrate", url=f"sqlite:///{file}")
    assert (done.returncode, "there is no database" in done.stderr) == (1, True)
    assert list(tmp_path.iterdir()) == []


def test_an_empty_database_is_not_migrated(url: str) -> None:
    empty(url)
    done = tool("migrate", url=url)
    assert (done.returncode, "the database is empty" in done.stderr) == (1, True)
    with connected(url) as connection:
        assert inspect(connection).get_table_names() == []


@pytest.mark.parametrize("versions", [["9999"], ["0001", "0002"]])
def test_a_database_of_an_unknown_version_is_refused(url: str, versions: list[str]) -> None:
    assert tool("seed", "--users", "3", url=url).returncode == 0
    inserts = [f"INSERT INTO alembic_version VALUES ('{version}')" for version in versions]
    run(url, "DELETE FROM alembic_version", *inserts)
    before = contents(url)
    for how in EVERY_CHANGE:
        done = tool(*how, url=url, typed="long enough\n")
        assert (done.returncode, "Traceback" in done.stderr) == (1, False)
        assert f"the database has schema {', '.join(versions)}, which is not known here" in done.stderr
        assert contents(url) == before


def test_nothing_is_done_to_the_users_of_another_program(url: str) -> None:
    empty(url)
    run(url, "CREATE TABLE users (id INTEGER, username VARCHAR(80), shoe_size INTEGER)")
    before = contents(url)
    for how in EVERY_CHANGE:
        done = tool(*how, url=url, typed="long enough\n")
        assert (done.returncode, "none of this program" in done.stderr) == (1, True)
        assert contents(url) == before


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "letter.db"
    file.write_text("Dear database,\n" * 100)
    done = tool("migrate", url=f"sqlite:///{file}")
    assert (done.returncode, "not a database" in done.stderr, "Traceback" in done.stderr) == (1, True, False)
    assert file.read_text() == "Dear database,\n" * 100


@pytest.mark.usefixtures("processes")
@pytest.mark.parametrize("new_url", ["PostgreSQL"], indirect=True)
def test_of_two_that_migrate_at_once_one_waits(old_url: str) -> None:
    """The first is held within its transaction until the server says that the second waits for it."""
    waiting = (
        "SELECT count(*) FROM pg_locks JOIN pg_database ON database = pg_database.oid "
        "WHERE datname = current_database() AND locktype = 'advisory' AND NOT granted"
    )
    with connections.transaction(from_environment({"DATABASE_URL": old_url, "SESSION_KEYS": KEY})) as connection:
        second = subprocess.Popen(command("migrate", url=old_url), stderr=subprocess.PIPE, text=True)
        assert eventually(lambda: rows(old_url, waiting) == [(1,)] or second.poll() is not None)
        assert second.poll() is None
        schema.upgrade(connection)
    assert second.communicate(timeout=60)[1] == ""
    assert second.returncode == 0
    assert rows(old_url) == [(*row, None, False) for row in OLD_ROWS]


def test_migrations_are_part_of_what_is_installed() -> None:
    """setuptools takes only what it is told to find, and alembic reads the files."""
    root = Path(__file__).parents[2]
    told = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]["find"]
    folder = root / "userdb" / "database"
    needed = {path.parent.relative_to(root).as_posix().replace("/", ".") for path in folder.rglob("*.py")}
    assert "userdb.database.migrations.versions" in needed
    assert needed <= set(setuptools.find_packages(str(root), include=told["include"]))
