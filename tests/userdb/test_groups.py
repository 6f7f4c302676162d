"""Units that are written together: what one of them does, or what becomes of all, changes nothing for the others."""

from __future__ import annotations

import userdb.sqlite_driver  # noqa: F401  # isort: skip  # first of all, before anything imports sqlite3

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import ClauseElement, text

from userdb import groups, statements
from userdb.compiled import Compiled
from userdb.errors import NotFound
from userdb.groups import Call
from userdb.units import Rows, Unit, Values

FIND = text("SELECT id FROM words WHERE word = :word")
ADD = text("INSERT INTO words (word) VALUES (:word) RETURNING id")


class Connection:
    """A connection on whose disk the next commits find no place."""

    def __init__(self, connection: sqlite3.Connection, failing: int = 0) -> None:
        self.own, self.failing = connection, failing
        self.compiled = Compiled("sqlite")
        self.begun = 0

    def execute(self, statement: str, /) -> Any:
        self.begun += statement == statements.SQLITE_BEGIN
        return self.own.execute(statement)

    def commit(self) -> None:
        self.failing -= 1
        if self.failing >= 0:
            raise sqlite3.OperationalError("database or disk is full")
        self.own.commit()

    def rollback(self) -> None:
        self.own.rollback()

    def run(self, *calls: Call) -> list[groups.Outcome]:
        """What became of these."""
        return groups.run(self, calls, self.execute_compiled)

    def read(self, *calls: Call) -> list[groups.Outcome]:
        """What these find."""
        return groups.read(self, calls, self.execute_compiled)

    def execute_compiled(self, statement: ClauseElement, values: Values) -> Rows:
        return self.own.execute(*self.compiled(statement, values)).fetchall()

    def words(self) -> list[str]:
        """All that were kept, by their length where they are long."""
        return [word[:5] for (word,) in self.own.execute("SELECT word FROM words ORDER BY id")]


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    """A connection that begins no transaction by itself."""
    with closing(sqlite3.connect(tmp_path / "words.db", isolation_level=None, timeout=0)) as made:
        made.execute("PRAGMA journal_mode=WAL")
        made.execute("CREATE TABLE words (id INTEGER PRIMARY KEY, word TEXT UNIQUE)")
        yield Connection(made)


def add(*words: str) -> Unit[int]:
    """One after another; the number of the last."""
    found: Rows = []
    for word in words:
        found = yield ADD, {"word": word}
    return int(found[0][0])


def adding(*words: str) -> Call:
    """The unit, to be begun as often as it takes."""
    return partial(add, *words)


def find(word: str) -> Unit[int]:
    """The number of a word. Raises NotFound."""
    found = yield FIND, {"word": word}
    if not found:
        raise NotFound()
    return int(found[0][0])


def finding(word: str) -> Call:
    """The same, for a word that may not be there."""
    return partial(find, word)


def errors(outcomes: list[groups.Outcome]) -> list[str | None]:
    """What kind of error each has."""
    return [None if each.error is None else type(each.error).__name__ for each in outcomes]


def test_all_are_written_in_one_transaction(connection: Connection) -> None:
    outcomes = connection.run(adding("one"), adding("two"), adding("three"))
    assert [each.result for each in outcomes] == [1, 2, 3]
    assert (connection.words(), connection.begun) == (["one", "two", "three"], 1)


def test_one_that_fails_in_its_middle_is_undone_alone(connection: Connection) -> None:
    outcomes = connection.run(adding("one"), adding("two", "one"), adding("three"))
    assert errors(outcomes) == [None, "IntegrityError", None]
    assert connection.words() == ["one", "three"]


def test_one_that_fails_by_itself_is_undone(connection: Connection) -> None:
    assert errors(connection.run(adding("one", "one"))) == ["IntegrityError"]
    assert (connection.words(), connection.own.in_transaction) == ([], False)


def test_one_for_which_the_disk_is_full_is_undone_alone(connection: Connection) -> None:
    connection.own.execute("PRAGMA max_page_count=20")
    outcomes = connection.run(adding("one"), adding("x" * 1_000_000), adding("three"))
    assert errors(outcomes) == [None, "OperationalError", None]
    assert connection.words() == ["one", "three"]


def test_where_all_can_not_be_committed_each_is_by_itself(connection: Connection) -> None:
    connection.failing = 2  # that of all, and that of the first by itself
    outcomes = connection.run(adding("one"), adding("two"), adding("three"))
    assert errors(outcomes) == ["OperationalError", None, None]
    assert (connection.words(), connection.begun) == (["two", "three"], 4)


def test_behind_a_lock_all_are_told_so_at_once(connection: Connection, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "words.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        outcomes = connection.run(adding("one"), adding("two"))
    assert errors(outcomes) == ["OperationalError"] * 2
    assert connection.begun == 1


def test_of_those_who_read_in_a_row_each_is_told_its_own(connection: Connection) -> None:
    connection.run(adding("one"), adding("two"))
    outcomes = connection.read(finding("two"), finding("none"), finding("one"))
    assert errors(outcomes) == [None, "NotFound", None]
    assert [each.result for each in outcomes] == [2, None, 1]


def test_those_who_read_in_a_row_see_the_same_and_the_next_what_came_since(
    connection: Connection, tmp_path: Path
) -> None:
    def asked_twice() -> Unit[tuple[Rows, Rows]]:
        first = yield FIND, {"word": "one"}
        with closing(sqlite3.connect(tmp_path / "words.db", isolation_level=None)) as other:
            other.execute("INSERT INTO words (word) VALUES ('one')")
        second = yield FIND, {"word": "one"}
        return first, second

    [before, after] = connection.read(asked_twice, finding("one"))
    assert (before.result, errors([before, after])) == (([], []), [None, "NotFound"])
    assert [each.result for each in connection.read(finding("one"))] == [1]
    assert not connection.own.in_transaction


def test_a_transaction_that_was_left_open_is_over_for_the_next(connection: Connection) -> None:
    connection.own.execute("BEGIN")
    assert errors(connection.run(adding("one"))) == ["OperationalError"]
    assert errors(connection.run(adding("two"))) == [None]
    assert connection.words() == ["two"]
