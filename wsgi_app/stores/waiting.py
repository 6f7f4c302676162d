"""A query over a connection of its own that waits for it: what the laboratory does wrong in an event loop."""

from __future__ import annotations

import userdb.sqlite_driver  # noqa: F401  # isort: skip  # first of all, before anything imports sqlite3

import sqlite3
from contextlib import closing

import psycopg

from userdb import lab
from userdb.settings import Settings


def query(settings: Settings, seconds: float) -> None:
    """Return when the database has taken so long for an answer."""
    if settings.on_sqlite:
        with closing(sqlite3.connect(settings.driver_address(), uri=True)) as connection:
            lab.give_sleep(connection)
            connection.execute("SELECT pg_sleep(?)", (seconds,))
    else:
        with psycopg.connect(settings.driver_address()) as connection:
            connection.execute("SELECT pg_sleep(%s)", (seconds,))
