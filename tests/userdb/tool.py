"""The command-line tool and the databases it works on."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, create_engine, make_url, text


def command(*arguments: str, url: str) -> list[str]:
    """What a person types to run the tool."""
    return [sys.executable, "-m", "userdb.database", "--url", url, *arguments]


def tool(*arguments: str, url: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    """Run `python -m userdb.database`."""
    return subprocess.run(command(*arguments, url=url), input=typed, capture_output=True, text=True, check=False)


@contextmanager
def connected(url: str) -> Iterator[Connection]:
    """A connection of the tests' own; what was done is kept."""
    driver = "sqlite" if url.startswith("sqlite") else "postgresql+psycopg"
    engine = create_engine(make_url(url).set(drivername=driver))
    try:
        with engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()


def run(url: str, *statements: str) -> None:
    """Execute statements."""
    with connected(url) as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


def rows(url: str, statement: str = "SELECT * FROM users ORDER BY id") -> list[tuple[Any, ...]]:
    """What a query answers, by default all users."""
    with connected(url) as connection:
        return [tuple(row) for row in connection.execute(text(statement))]
