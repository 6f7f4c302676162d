"""The command-line tool and the databases it works on."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from typing import Any

import pytest
from sqlalchemy import Connection, create_engine, make_url, text

from userdb import passwords
from userdb.database import __main__ as database_tool


def command(*arguments: str, url: str) -> list[str]:
    """What a person types to run the tool."""
    return [sys.executable, "-m", "userdb.database", "--url", url, *arguments]


def tool(*arguments: str, url: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    """What `python -m userdb.database` does, in this process; tests/userdb/test_database.py holds it against the command."""
    output, errors = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(output), redirect_stderr(errors):
        patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(typed.encode())))
        try:
            status = database_tool.main(["--url", url, *arguments])
        except SystemExit as ended:  # a wrong call
            status = int(ended.code or 0)
    return subprocess.CompletedProcess(arguments, status, output.getvalue(), errors.getvalue())


def run_tool(*arguments: str, url: str, typed: str = "") -> subprocess.CompletedProcess[str]:
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


HASH = "SELECT password_hash FROM users WHERE username = '{}'"


def password_is(url: str, username: str, password: str) -> bool:
    """Whether this user can log in with this password."""
    [(password_hash,)] = rows(url, HASH.format(username))
    return passwords.matches(password_hash, password)
