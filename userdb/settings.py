"""What an app is told from outside: the only reader of the environment, once, at start."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from userdb import keys

DEFAULT_DATABASE_URL = "sqlite:///var/tandem.db"
DEFAULT_KEYS_FILE = "var/session-keys"
LADDER = ("blocking", "thread", "async")
MOST_STALLS = 50_000
"""Rows of stalls that a process may write, of 1,000 bytes each: a round of the laboratory, with every request that waited."""


class SettingsError(ValueError):
    """A setting is missing or makes no sense; the message names it."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Settings of one app process. Durations in seconds."""

    database_url: URL
    store: str  # engine or direct
    read_connections: int  # the pool for reading; writing always goes over one connection
    prepared: bool  # whether PostgreSQL is given prepared statements: a pooler in transaction mode may not keep them
    write_queue: int  # changes that may wait for it, in the direct store
    news_url: str
    news_connections: int
    news_timeout: float  # for one answer
    feed_timeout: float  # for the answers of all sources; less than the server and nginx give a request
    session_keys: tuple[str, ...]  # the first signs, all are believed; none: those that are kept in the file
    session_keys_file: Path
    session_seconds: int
    login_attempts: int  # under one name, within so many seconds
    login_window: int
    password_workers: int  # password hashes computed concurrently
    password_queue: int  # that may wait for it
    metrics_folder: Path | None
    allow_defective_sqlite: bool
    lab: bool  # whether the routes below /lab are there, which block on purpose
    ladder: str  # how those below /lab/ladder wait: a rung of LADDER
    listeners: int | None  # streams of events that a process sends at a time; None: as many as suit the app
    pool_threads: int  # that an event loop has for blocking calls
    access_log: bool  # whether each request is a line of JSON
    stalls_file: Path | None  # where it is written what was held up, and by which line

    @property
    def on_sqlite(self) -> bool:
        """Whether the database is an SQLite file."""
        return self.database_url.get_backend_name() == "sqlite"

    def require_database(self) -> None:
        """Raise SettingsError where the SQLite file is missing: a driver would not say which, or make an empty one."""
        if self.on_sqlite and not Path(self.database_url.database or "").is_file():
            raise SettingsError(
                f"there is no database {self.database_url.database}: make one with `python -m userdb.database seed` or `create`"
            )

    def driver_url(self, sqlite_driver: str) -> URL:
        """The URL for `create_engine`; an SQLite file is opened with mode=rw, so that a missing one is not made empty."""
        if not self.on_sqlite:
            return self.database_url.set(drivername="postgresql+psycopg")
        return self.database_url.set(
            drivername=sqlite_driver,
            database="file:" + quote(self.database_url.database or ""),
            query={"mode": "rw", "uri": "true"},
        )

    def driver_options(self) -> dict[str, Any]:
        """What PostgreSQL's driver is told beside the URL."""
        return {} if self.on_sqlite or self.prepared else {"prepare_threshold": None}

    def driver_address(self) -> str:
        """The same for a driver by itself: an SQLite file as a URI, or what libpq takes."""
        if self.on_sqlite:
            return f"file:{quote(self.database_url.database or '')}?mode=rw"
        return self.database_url.set(drivername="postgresql").render_as_string(hide_password=False)


def metrics_folder(environment: Mapping[str, str] = os.environ) -> Path | None:
    """Where all processes of a stack count together; whoever counts asks before there is an app."""
    folder = environment.get("PROMETHEUS_MULTIPROC_DIR")  # where prometheus_client would count, too
    return Path(folder) if folder else None


def from_environment(environment: Mapping[str, str] = os.environ) -> Settings:
    """Read all settings; a missing one has the default that serves a person who starts an app by hand.

    Raises SettingsError naming the variable.
    """
    stalls = environment.get("STALLS_FILE")
    return Settings(
        database_url=_database_url(environment.get("DATABASE_URL") or DEFAULT_DATABASE_URL),
        store=_one_of(environment, "STORE", ("engine", "direct")),
        read_connections=_whole(environment, "READ_CONNECTIONS", 4),
        prepared=environment.get("PREPARED_STATEMENTS", "1") != "0",
        write_queue=_whole(environment, "WRITE_QUEUE", 1000),
        news_url=environment.get("NEWS_URL") or "http://127.0.0.1:9000/news",
        news_connections=_whole(environment, "NEWS_CONNECTIONS", 16),
        news_timeout=_seconds(environment, "NEWS_TIMEOUT", 5.0),
        feed_timeout=_seconds(environment, "FEED_TIMEOUT", 20.0),
        session_keys=_keys(environment),
        session_keys_file=Path(environment.get("SESSION_KEYS_FILE") or DEFAULT_KEYS_FILE),
        session_seconds=_whole(environment, "SESSION_SECONDS", 12 * 3600, 10**8),
        login_attempts=_whole(environment, "LOGIN_ATTEMPTS", 10, 10**9),
        login_window=_whole(environment, "LOGIN_WINDOW", 900, 10**8),
        password_workers=_whole(environment, "PASSWORD_WORKERS", _cpus()),
        password_queue=_whole(environment, "PASSWORD_QUEUE", 8),
        metrics_folder=metrics_folder(environment),
        allow_defective_sqlite=environment.get("ALLOW_DEFECTIVE_SQLITE", "0") == "1",
        lab=environment.get("LAB", "0") == "1",
        ladder=_one_of(environment, "LADDER", LADDER),
        listeners=_whole(environment, "LISTENERS", 0, least=0) if environment.get("LISTENERS") else None,
        pool_threads=_whole(environment, "POOL_THREADS", 40),
        access_log=environment.get("ACCESS_LOG", "0") == "1",
        stalls_file=Path(stalls) if stalls else None,
    )


def _database_url(value: str) -> URL:
    try:
        url = make_url(value)
    except ArgumentError:
        url = None
    if url is None or url.get_backend_name() not in ("sqlite", "postgresql") or not url.database:
        raise SettingsError("DATABASE_URL must look like sqlite:///FILE or postgresql://USER@HOST/NAME")
    return url


def _one_of(environment: Mapping[str, str], name: str, known: Sequence[str]) -> str:
    value = environment.get(name) or known[0]
    if value not in known:
        raise SettingsError(f"{name} must be {', '.join(known[:-1])} or {known[-1]}, not {value!r}")
    return value


def _keys(environment: Mapping[str, str]) -> tuple[str, ...]:
    given = environment.get("SESSION_KEYS")
    try:
        return keys.parse(given) if given else ()
    except keys.KeysError as error:
        raise SettingsError(f"SESSION_KEYS {error}") from None


def _cpus() -> int:
    """The CPUs that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _whole(environment: Mapping[str, str], name: str, default: int, most: int = 10_000, least: int = 1) -> int:
    value = environment.get(name) or str(default)
    if not (value.isascii() and value.isdigit() and len(value) < 12 and least <= int(value) <= most):
        raise SettingsError(f"{name} must be a whole number from {least} to {most}, not {value!r}")
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
