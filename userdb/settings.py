"""What an app is told from outside: the only reader of the environment, once, at start."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

DEFAULT_DATABASE_URL = "sqlite:///var/tandem.db"


class SettingsError(ValueError):
    """A setting is missing or makes no sense; the message names it."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Settings of one app process. Durations in seconds."""

    database_url: URL
    read_connections: int  # the pool for reading; writing always goes over one connection
    news_url: str
    news_connections: int
    news_timeout: float
    allow_defective_sqlite: bool

    @property
    def on_sqlite(self) -> bool:
        """Whether the database is an SQLite file."""
        return self.database_url.get_backend_name() == "sqlite"

    def driver_url(self, sqlite_driver: str) -> URL:
        """The URL for `create_engine`; an SQLite file is opened with mode=rw, so that a missing one is not made empty."""
        if not self.on_sqlite:
            return self.database_url.set(drivername="postgresql+psycopg")
        return self.database_url.set(
            drivername=sqlite_driver,
            database="file:" + quote(self.database_url.database or ""),
            query={"mode": "rw", "uri": "true"},
        )


def from_environment(environment: Mapping[str, str] = os.environ) -> Settings:
    """Read all settings; a missing one has the default that serves a person who starts an app by hand.

    Raises SettingsError naming the variable.
    """
    return Settings(
        database_url=_database_url(environment.get("DATABASE_URL") or DEFAULT_DATABASE_URL),
        read_connections=_whole(environment, "READ_CONNECTIONS", 4),
        news_url=environment.get("NEWS_URL") or "http://127.0.0.1:9000/news",
        news_connections=_whole(environment, "NEWS_CONNECTIONS", 16),
        news_timeout=_seconds(environment, "NEWS_TIMEOUT", 5.0),
        allow_defective_sqlite=environment.get("ALLOW_DEFECTIVE_SQLITE", "0") == "1",
    )


def _database_url(value: str) -> URL:
    try:
        url = make_url(value)
    except ArgumentError:
        url = None
    if url is None or url.get_backend_name() not in ("sqlite", "postgresql") or not url.database:
        raise SettingsError("DATABASE_URL must look like sqlite:///FILE or postgresql://USER@HOST/NAME")
    return url


def _whole(environment: Mapping[str, str], name: str, default: int) -> int:
    value = environment.get(name) or str(default)
    if not (value.isascii() and value.isdigit() and 1 <= int(value) <= 10_000):
        raise SettingsError(f"{name} must be a whole number from 1 to 10000, not {value!r}")
    return int(value)


def _seconds(environment: Mapping[str, str], name: str, default: float) -> float:
    value = environment.get(name) or str(default)
    try:
        seconds = float(value)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= 3600:
        raise SettingsError(f"{name} must be a number of seconds above 0 and up to 3600, not {value!r}")
    return seconds
