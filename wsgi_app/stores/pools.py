"""SQLAlchemy's engines with their pools: one for reading and one for writing.

The reading one is in autocommit and may not write; the writing one has a single connection, and on SQLite takes the write lock
before it reads, so that what a change is based on can't change meanwhile.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from sqlalchemy import Engine, create_engine, event

from userdb import lab, statements
from userdb.pools import Read, State
from userdb.settings import Settings


def reading(settings: Settings) -> Engine:
    """The engine for reading."""
    return _engine(
        settings,
        statements.SQLITE_READ_PRAGMAS,
        pool_size=settings.read_connections,
        isolation_level="AUTOCOMMIT",
        skip_autocommit_rollback=True,
    )


def writing(settings: Settings) -> Engine:
    """The engine for writing."""
    level = {} if settings.on_sqlite else {"isolation_level": "READ COMMITTED"}  # the locks count on it
    engine = _engine(settings, statements.SQLITE_PRAGMAS, pool_size=1, **level)
    if settings.on_sqlite:
        event.listen(engine, "connect", _leave_transactions_to_us)
        event.listen(engine, "begin", _begin_immediate)
    return engine


def state(engine: Engine) -> State:
    """How an engine's pool is now. SQLAlchemy has no public call for how many wait."""
    pool: Any = engine.pool
    return State(pool.checkedout(), pool.checkedin(), len(pool._pool.not_empty._waiters), pool.size())


def asked_later(engine: Engine) -> Read:
    """How an engine's pool is, whenever somebody asks."""
    return partial(state, engine)


def watch(engine: Engine, connections: Any) -> None:
    """Have those counted who wait for a connection of an engine, and known who has one."""
    pool: Any = engine.pool
    connect = pool.connect

    def waited_for() -> Any:
        if pool.checkedin():
            return connect()
        with connections:
            return connect()

    pool.connect = waited_for
    event.listen(engine, "checkout", lambda connection, record, proxy: connections.lent(record))
    event.listen(engine, "checkin", lambda connection, record: connections.back(record))


def _engine(settings: Settings, pragmas: tuple[str, ...], pool_size: int, **options: Any) -> Engine:
    engine = create_engine(
        settings.driver_url("sqlite"),
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=5,
        connect_args=settings.driver_options(),
        hide_parameters=True,  # an error that is logged in full would hold hashes of passwords
        **options,
    )
    if settings.on_sqlite:
        event.listen(engine, "connect", _pragmas(pragmas))
    if settings.on_sqlite and settings.lab:
        event.listen(engine, "connect", _give_sleep)
    return engine


def _give_sleep(connection: Any, record: Any) -> None:
    lab.give_sleep(connection)


def _pragmas(pragmas: tuple[str, ...]) -> Any:
    def set_up(connection: Any, record: Any) -> None:
        cursor = connection.cursor()
        for pragma in pragmas:
            cursor.execute(pragma)
        cursor.close()

    return set_up


def _leave_transactions_to_us(connection: Any, record: Any) -> None:
    connection.isolation_level = None


def _begin_immediate(connection: Any) -> None:
    connection.exec_driver_sql(statements.SQLITE_BEGIN)
