"""What a statement reads: as much as it answers, however many users there are, on both databases."""

from __future__ import annotations

import userdb.sqlite_driver  # noqa: F401  # isort: skip  # first of all, before anything imports sqlite3

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from sqlalchemy import ClauseElement, Connection, Executable, TextClause, create_engine, make_url
from sqlalchemy.dialects import postgresql, sqlite

from tests.support.apps import settings_for
from userdb import statements, urls
from userdb.database import lifecycle
from userdb.settings import from_environment

MANY = 100_000
"""Users of the database, ended sessions in it, and counts of attempts to log in."""

STATEMENTS = {
    name: value
    for name, value in vars(statements).items()
    if isinstance(value, ClauseElement) and isinstance(value, Executable)  # the others are tables
}
ON_POSTGRESQL: Any = postgresql.psycopg.dialect
ONE_ROW = {"alembic_version"}
"""Tables that may be read as a whole."""

# Few and many that are found, at the beginning, in the middle and at the end of them; 21 rows each.
PAGES = ["q=u", "q=user", "q=user005", "q=u&after_username=user0050000", "q=u&after_username=user0099970",
         "after_username=b", "q=user00&after_username=user0099970"]  # fmt: skip
NOTHING = ["q=v", "q=user01&after_username=user02", "q=User", "q=~", "q=%E2%82%AC"]

FILLED = [
    "INSERT INTO ended_sessions (id, expires) SELECT name, 2000000000 + n FROM numbers",
    "INSERT INTO login_attempts (key, count, until) SELECT name, 1, 2000000000 + n FROM numbers",
]
SQLITE_NUMBERS = """WITH RECURSIVE count(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM count WHERE n < 100000),
    numbers(n, name) AS (SELECT n, printf('name%07d', n) FROM count) """
POSTGRESQL_NUMBERS = (
    """WITH numbers AS (SELECT n, 'name' || lpad(n::text, 7, '0') AS name FROM generate_series(1, 100000) n) """
)
POSTGRESQL_USERS = """INSERT INTO users (username, email, created_at, version)
    SELECT 'user' || lpad(n::text, 7, '0'), 'user' || n || '@example.org', '2026-01-01T00:00:00Z', 1
    FROM generate_series(2, 100000) n"""


def values(query: str) -> dict[str, Any]:
    """The values of a search, as the stores give them."""
    page = urls.page_of_users(query.encode())
    assert page.by_name
    return {"first": page.first, "last": page.last, "count": page.limit + 1}


@pytest.fixture(scope="module")
def on_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    """A connection to a large SQLite database."""
    file = tmp_path_factory.mktemp("large") / "large.db"
    lifecycle.seed(settings_for(file), MANY)
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        for statement in FILLED:
            into, _, rows = statement.partition(" SELECT ")
            connection.execute(f"{into} {SQLITE_NUMBERS} SELECT {rows}")
        yield connection


def sqlite_text(statement: ClauseElement) -> tuple[str, dict[str, Any]]:
    """A statement as SQLite gets it, and its parameters without what they are given by whoever executes it."""
    compiled = statement.compile(dialect=sqlite.dialect(paramstyle="named"))
    return str(compiled), dict(compiled.params)


def steps(connection: sqlite3.Connection, statement: ClauseElement, given: dict[str, Any]) -> tuple[int, int]:
    """How many rows a statement gives, and how many instructions of its virtual machine SQLite needs for it."""
    taken = 0

    def step() -> int:
        nonlocal taken
        taken += 1
        return 0

    connection.set_progress_handler(step, 1)
    text, own = sqlite_text(statement)
    rows = connection.execute(text, own | given).fetchall()
    connection.set_progress_handler(None, 0)
    return len(rows), taken


@pytest.mark.parametrize("name", STATEMENTS)
def test_sqlite_reads_no_table_as_a_whole_and_sorts_nothing(name: str, on_sqlite: sqlite3.Connection) -> None:
    text, own = sqlite_text(STATEMENTS[name])
    plan = [row[3] for row in on_sqlite.execute(f"EXPLAIN QUERY PLAN {text}", own)]
    for step in plan:
        assert "TEMP B-TREE" not in step, plan
        assert not step.startswith("SCAN ") or step in {f"SCAN {table}" for table in (*ONE_ROW, "CONSTANT ROW")}, plan


def test_a_page_costs_sqlite_the_same_wherever_and_however_many(on_sqlite: sqlite3.Connection) -> None:
    found = [steps(on_sqlite, statements.SEARCH, values(query)) for query in PAGES]
    pages = [steps(on_sqlite, statements.PAGE, {"after": after, "count": 21}) for after in (0, MANY // 2, MANY - 30)]
    for taken in (found, pages):
        assert {rows for rows, _ in taken} == {21}
        assert max(steps for _, steps in taken) < 1.1 * min(steps for _, steps in taken)
    for query in NOTHING:
        rows, taken_for_nothing = steps(on_sqlite, statements.SEARCH, values(query))
        assert (rows, taken_for_nothing < found[0][1]) == (0, True)


def test_what_has_expired_is_found_among_all_that_has_not(on_sqlite: sqlite3.Connection) -> None:
    for statement, given in (
        (statements.FORGET_SESSIONS, {"now": 10}),
        (statements.FORGET_ATTEMPTS, {"before": 10}),
    ):
        assert steps(on_sqlite, statement, given)[1] < 100


def test_however_much_has_expired_a_bounded_part_of_it_is_forgotten_at_a_time(on_sqlite: sqlite3.Connection) -> None:
    """What nobody forgot for hours held up all who write for half a minute: a row costs far more than it takes here."""
    for statement, given in (
        (statements.FORGET_SESSIONS, {"now": 3 * 10**9}),
        (statements.FORGET_ATTEMPTS, {"before": 3 * 10**9}),
    ):
        on_sqlite.execute("BEGIN")
        before = on_sqlite.total_changes
        _, taken = steps(on_sqlite, statement, given)
        assert (on_sqlite.total_changes - before, taken < MANY) == (statements.FORGOTTEN, True)
        on_sqlite.execute("ROLLBACK")


@pytest.fixture(scope="module")
def on_postgresql(postgresql_url: str) -> Iterator[Connection]:
    """A connection to a large PostgreSQL database."""
    server = make_url(postgresql_url)
    url = server.set(database="large")
    engine = create_engine(server.set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql("CREATE DATABASE large")
    engine.dispose()
    lifecycle.create(from_environment({"DATABASE_URL": url.render_as_string(hide_password=False)}))
    engine = create_engine(url.set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in (POSTGRESQL_USERS, *(POSTGRESQL_NUMBERS + each for each in FILLED), "VACUUM ANALYZE"):
            connection.exec_driver_sql(statement)
        yield connection
    engine.dispose()


def postgresql_text(statement: ClauseElement) -> str:
    """A statement as PostgreSQL prepares it."""
    return str(statement.compile(dialect=ON_POSTGRESQL(paramstyle="numeric_dollar")))


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A plan's steps."""
    yield plan
    for each in plan.get("Plans", []):
        yield from nodes(each)


def explained(
    connection: Connection, statement: str, how: str, given: dict[str, Any] | None = None
) -> list[dict[str, Any]]:
    """The steps of a statement's plan."""
    [found] = connection.exec_driver_sql(f"EXPLAIN ({how}, FORMAT JSON) {statement}", given).scalar_one()
    return [*nodes(found["Plan"])]


@pytest.mark.parametrize("name", STATEMENTS)
def test_postgresql_reads_no_table_as_a_whole_and_sorts_nothing(name: str, on_postgresql: Connection) -> None:
    statement = STATEMENTS[name]
    if name == "SQLITE_VERSION":
        assert isinstance(statement, TextClause)  # it is asked of SQLite alone
        return
    for step in explained(on_postgresql, postgresql_text(statement), "GENERIC_PLAN"):
        assert "Sort" not in step["Node Type"], step
        assert step["Node Type"] != "Seq Scan" or step["Relation Name"] in ONE_ROW, step


def test_a_page_costs_postgresql_the_same_wherever_and_however_many(on_postgresql: Connection) -> None:
    for query in PAGES + NOTHING:
        text = str(statements.SEARCH.compile(dialect=ON_POSTGRESQL()))
        found = explained(on_postgresql, text, "ANALYZE, BUFFERS", values(query))
        assert [step["Node Type"] for step in found] == ["Limit", "Index Scan"]
        assert found[1]["Actual Rows"] == (21 if query in PAGES else 0)
        assert found[1].get("Rows Removed by Filter", 0) == 0
        assert found[1]["Shared Hit Blocks"] + found[1]["Shared Read Blocks"] < 50
