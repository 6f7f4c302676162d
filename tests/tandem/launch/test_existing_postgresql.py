"""A PostgreSQL that runs already: copies for each stack, nothing that isn't ours is touched, and all is as it was at the end."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from tandem.errors import TandemError
from tandem.launch import existing_postgresql, postgresql
from tandem.observe import usage
from tandem.plan import apps

pytestmark = pytest.mark.usefixtures("processes")

ROOM = 40
ROWS = "SELECT count(*) FROM things"


@pytest.fixture(scope="module")
def running() -> Iterator[str]:
    """The URL of a server that somebody else has started, its password included."""
    with tempfile.TemporaryDirectory(prefix="tandem-tests-", ignore_cleanup_errors=True) as name:
        with postgresql.cluster(Path(name), Path(name)) as cluster:
            cluster.make(lambda url: None, sorted(os.sched_getaffinity(0)))
            with cluster.serving("there", sorted(os.sched_getaffinity(0)), ROOM - postgresql.RESERVED) as served:
                yield served.url


@pytest.fixture
def url(running: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The same as it is given: the password stands in the environment."""
    parts = urlsplit(running)
    monkeypatch.setenv("PGPASSWORD", str(parts.password))
    return f"postgresql://{parts.username}@127.0.0.1:{parts.port}/postgres"


def ask(url: str, *statements: str) -> list[tuple[object, ...]]:
    """What a server says to the last of these."""
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements[:-1]:
            connection.execute(statement)
        found = connection.execute(statements[-1])
        return found.fetchall() if found.description else []


def fill(url: str) -> None:
    """Make what all stacks get."""
    ask(url, "CREATE TABLE things (id integer)", "INSERT INTO things SELECT * FROM generate_series(1, 100)")


def databases(url: str) -> set[object]:
    """The names of those that there are."""
    return {name for (name,) in ask(url, "SELECT datname FROM pg_database WHERE NOT datistemplate")}


@contextmanager
def there(url: str, made: str, removed: str) -> Iterator[None]:
    """Something that is there for a while."""
    ask(url, made)
    try:
        yield
    finally:
        ask(url, removed)


def test_each_stack_gets_a_fresh_copy_and_all_is_as_it_was_at_the_end(url: str) -> None:
    cpus = sorted(os.sched_getaffinity(0))[:1]
    with existing_postgresql.server(url) as server:
        postmaster = server.postmaster
        before = os.sched_getaffinity(postmaster)
        server.make(fill, cpus)
        with server.serving("one", cpus, 3) as one, server.serving("an-other", cpus, 3) as other:
            assert len({one.url, other.url}) == 2
            assert ask(one.url, "DELETE FROM things", ROWS) == [(0,)]
            assert ask(other.url, ROWS) == [(100,)]
            assert one.roots == [postmaster]
            assert usage.strays(usage.below(one.roots), cpus) == 0
        with server.serving("one", cpus, 3) as again:
            assert ask(again.url, ROWS) == [(100,)]
        assert server.version.split(".")[0].isdigit()
        assert server.durability == "fsync=on, synchronous_commit=on"
    assert databases(url) == {"postgres"}
    assert os.sched_getaffinity(postmaster) == before
    assert usage.strays(usage.below([postmaster]), before) == 0


def test_what_a_killed_run_left_is_dropped_by_the_next_and_by_nobody_who_only_looks(url: str) -> None:
    ask(url, "CREATE DATABASE left_over", f"COMMENT ON DATABASE left_over IS '{existing_postgresql.MADE}'")
    with existing_postgresql.server(url) as server:
        server.refuse()
    assert "left_over" in databases(url)
    with existing_postgresql.server(url) as server:
        server.make(fill, sorted(os.sched_getaffinity(0)))
        assert databases(url) == {"postgres", existing_postgresql.SEED}
    assert databases(url) == {"postgres"}


@pytest.mark.parametrize(
    ("made", "removed", "said"),
    [
        ("CREATE TABLE mine (id integer)", "DROP TABLE mine", r"postgres holds data .*1 tables, views or sequences"),
        ("CREATE DATABASE payroll", "DROP DATABASE payroll", r"no comparison made \(payroll\)"),
        ("CREATE SCHEMA own CREATE VIEW seen AS SELECT 1", "DROP SCHEMA own CASCADE", r"postgres holds data"),
    ],
)
def test_a_server_that_holds_what_it_did_not_make_is_refused_and_left_alone(
    url: str, made: str, removed: str, said: str
) -> None:
    with there(url, made, removed):
        before = databases(url)
        with existing_postgresql.server(url) as server, pytest.raises(TandemError, match=said):
            server.make(fill, sorted(os.sched_getaffinity(0)))
        assert databases(url) == before


def test_a_role_that_may_make_nothing_and_a_server_without_room_are_refused(url: str) -> None:
    with there(url, "CREATE ROLE weak LOGIN PASSWORD 'weak'", "DROP ROLE weak"):
        weak = url.replace("tandem@", "weak:weak@")
        with (
            existing_postgresql.server(weak) as server,
            pytest.raises(TandemError, match="weak may not make databases"),
        ):
            server.refuse()
    cpus = sorted(os.sched_getaffinity(0))
    with existing_postgresql.server(url) as server:
        server.make(fill, cpus)
        with server.serving("one", cpus, 20), pytest.raises(TandemError, match="set max_connections to 50 or more"):
            with server.serving("two", cpus, 20):
                pass


def test_a_server_that_does_not_answer_or_wants_a_password_is_told_apart(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PGPASSWORD")
    monkeypatch.setenv("PGPASSFILE", os.devnull)
    with pytest.raises(TandemError, match=r"no password supplied .*PGPASSWORD"), existing_postgresql.server(url):
        pass
    nowhere = "postgresql://tandem@127.0.0.1:1/postgres"
    with pytest.raises(TandemError, match=r"no connection to 127\.0\.0\.1:1"), existing_postgresql.server(nowhere):
        pass


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("postgresql://ada:secret@127.0.0.1/live", "leave the password out"),
        ("postgresql://ada@db.example.org/live", "on this machine"),
        ("postgresql:///live", "on this machine"),
        ("postgresql://ada@127.0.0.1", "an empty database"),
        ("mysql://ada@127.0.0.1/live", "begins with mysql://"),
    ],
)
def test_a_url_that_can_not_be_measured_is_refused_before_anything_is_asked(given: str, said: str) -> None:
    with pytest.raises(TandemError, match=said) as refused:
        apps.load()["userdb"].on(given)
    assert "secret" not in str(refused.value)
