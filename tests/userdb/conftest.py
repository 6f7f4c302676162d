"""Databases for the command-line tool."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url

from tests.userdb.tool import tool


@pytest.fixture(params=["SQLite", pytest.param("PostgreSQL", marks=pytest.mark.processes)])
def new_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], str]]:
    """Makes the URL of a database with nothing in it: an SQLite file that is not there, an empty PostgreSQL database."""
    if request.param == "SQLite":
        yield lambda: f"sqlite:///{tmp_path}/{secrets.token_hex(4)}.db"
        return
    server = make_url(request.getfixturevalue("postgresql_url"))
    engine = create_engine(server.set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")

    def new() -> str:
        name = f"test_{secrets.token_hex(8)}"
        with engine.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {name}")
        return server.set(database=name).render_as_string(hide_password=False)

    yield new  # what was made goes with the server, which is the tests' own
    engine.dispose()


@pytest.fixture
def url(new_url: Callable[[], str]) -> str:
    """One of them."""
    return new_url()


@pytest.fixture(scope="module")
def file_url(tmp_path_factory: pytest.TempPathFactory) -> str:
    """An SQLite database with three seeded users, for tests that leave it as it is, or change the password of the second."""
    url = f"sqlite:///{tmp_path_factory.mktemp('accounts')}/a.db"
    assert tool("seed", "--users", "3", url=url).returncode == 0
    return url
