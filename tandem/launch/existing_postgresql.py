"""A PostgreSQL server that runs already: a database of the run's own for each stack, copied from one that was filled once.

It is kept to the stacks' CPUs while the run lasts, and holds nothing but what this harness made: whatever else it holds would
cost CPU that no stack answers for, or be touched by mistake. One server serves all stacks, unlike those of `postgresql.py`, so
that its caches and what it does in the background are shared.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import quote, urlsplit

from tandem.errors import TandemError
from tandem.formats import listed
from tandem.launch.postgresql import RESERVED, Served
from tandem.observe import usage

OLDEST = 130_000
"""`server_version_num` of the oldest that is taken: 13 can end the sessions of a database that is dropped."""

MADE = "made by tandem for a comparison, and removed by it"
"""The comment on each database of ours: what a killed run left is known by it."""

SEED, EMPTY = "tandem_seed", "template0"

_OTHERS = """
    SELECT datname FROM pg_database
    WHERE NOT datistemplate AND datname NOT IN ('postgres', current_database())
    AND coalesce(shobj_description(oid, 'pg_database'), '') <> %s ORDER BY datname"""
_OURS = "SELECT datname FROM pg_database WHERE shobj_description(oid, 'pg_database') = %s"
_TABLES = """
    SELECT count(*) FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE relkind IN ('r', 'p', 'm', 'v', 'S', 'f') AND nspname <> 'information_schema' AND nspname !~ '^pg_'"""
_MAY = """
    SELECT rolsuper OR rolcreatedb AND pg_has_role(current_user, 'pg_checkpoint', 'member')
    FROM pg_roles WHERE rolname = current_user"""
_MAY_BEFORE_15 = "SELECT rolsuper FROM pg_roles WHERE rolname = current_user"  # nobody else may run CHECKPOINT
_ROOM = "SELECT current_setting('max_connections')::int"


class ExistingServer:
    """Such a server, with a connection to it that lasts as long as the run."""

    def __init__(self, url: str, connection: Any) -> None:
        self._url, self._connection = url, connection
        self._promised = 0  # connections of the stacks that are served
        self._is_used = False  # whether databases of this run's are there
        self.postmaster = self._found()
        self._cpus = os.sched_getaffinity(self.postmaster)

    @property
    def version(self) -> str:
        """Its version, such as 16.4."""
        return str(self._one("SHOW server_version")).split()[0]

    @property
    def durability(self) -> str:
        """What it promises of a commit, as a report prints it."""
        return ", ".join(f"{name}={self._one(f'SHOW {name}')}" for name in ("fsync", "synchronous_commit"))

    def refuse(self) -> None:
        """Raise TandemError where it can't be taken for a comparison."""
        version = self._connection.info.server_version
        if version < OLDEST:
            raise TandemError(f"this PostgreSQL is {self.version}, and the oldest that can be taken is 13")
        if not self._one(_MAY if version >= 150_000 else _MAY_BEFORE_15):
            raise TandemError(
                f"{self._connection.info.user} may not make databases and run CHECKPOINT: take a superuser, or a role with "
                "CREATEDB that is a member of pg_checkpoint (from version 15 on)"
            )
        if others := [name for (name,) in self._rows(_OTHERS, [MADE])]:
            raise TandemError(
                f"this PostgreSQL holds data that no comparison made ({listed(others)}): give one of its own, as whatever else "
                "it does would count for the stacks, or --database postgresql, which starts one"
            )
        for name in dict.fromkeys((self._connection.info.dbname, "postgres")):
            with connected(self._named(name)) as connection:
                if tables := connection.execute(_TABLES).fetchone()[0]:
                    raise TandemError(
                        f"the database {name} holds data that no comparison made ({tables} tables, views or sequences): give "
                        "an empty one, of a server that holds nothing else"
                    )

    def make(self, fill: Callable[[str], None], cpus: Sequence[int]) -> None:
        """Keep it to these CPUs, and have the database filled that all others are copies of. Raises TandemError as `refuse`."""
        self.refuse()
        self._is_used = True
        self._pin(cpus)
        for (name,) in self._rows(_OURS, [MADE]):  # of a run that was killed
            self._drop(name)
        self._create(SEED, EMPTY)
        fill(self._named(SEED))

    @contextmanager
    def serving(self, name: str, cpus: Sequence[int], connections: int) -> Iterator[Served]:
        """Hand out a fresh copy for a stack, and drop it at the end. Raises TandemError where there is no room for its pools."""
        needed = self._promised + connections + RESERVED
        if (room := self._one(_ROOM)) < needed:
            raise TandemError(
                f"this PostgreSQL has room for {room} connections, and {name} needs {connections} beside those of the other "
                f"stacks: set max_connections to {needed} or more"
            )
        database = f"tandem_{name.replace('-', '_')}"
        self._drop(database)
        self._create(database, SEED)
        self._connection.execute("CHECKPOINT")  # else what was copied would be written while it is measured
        self._promised += connections
        try:
            yield Served(url=self._named(database), port=self._connection.info.port, roots=[self.postmaster])
        finally:
            self._promised -= connections
            self._drop(database)

    def end(self) -> None:
        """Drop what was made, and give its processes the CPUs back that they had."""
        if not self._is_used:
            return
        with suppress(Exception):  # it may have ended meanwhile: then there is nothing to drop
            for (name,) in self._rows(_OURS, [MADE]):
                self._drop(name)
        for (
            pid
        ) in self._processes():  # also those that were started meanwhile, on the stacks' CPUs as the postmaster was
            with suppress(OSError):
                os.sched_setaffinity(pid, self._cpus)

    def _found(self) -> int:
        """Return the process that all others of the server descend from. Raises TandemError where it can't be seen."""
        backend = self._one("SELECT pg_backend_pid()")
        parents = {each.pid: each for each in usage.scan()}
        own = parents.get(backend)
        if own is None or own.name != "postgres" or own.parent not in parents:
            raise TandemError(
                "the processes of this PostgreSQL can't be seen here, as those in a container can't: what it uses could not be "
                "counted. Give --database postgresql, which starts one"
            )
        return own.parent

    def _processes(self) -> list[int]:
        """Return those of the server; the postmaster comes first, so that what it starts meanwhile is as it is."""
        return [self.postmaster, *usage.below([self.postmaster])]

    def _pin(self, cpus: Sequence[int]) -> None:
        try:
            for pid in self._processes():
                with suppress(ProcessLookupError):  # it has ended meanwhile
                    os.sched_setaffinity(pid, cpus)
        except PermissionError:
            raise TandemError(
                "the processes of this PostgreSQL can't be kept to the stacks' CPUs: measure as its user, or as root"
            ) from None

    def _named(self, database: str) -> str:
        parts, secret = urlsplit(self._url), os.environ.get("PGPASSWORD", "")
        user = parts.username or quote(self._connection.info.user, safe="")
        password = f":{quote(secret, safe='')}" if secret else ""
        address = parts.netloc.rpartition("@")[2]
        return f"postgresql://{user}{password}@{address}/{database}" + (f"?{parts.query}" if parts.query else "")

    def _create(self, name: str, template: str) -> None:
        from psycopg import sql

        how = sql.SQL(" ENCODING 'UTF8' LOCALE 'C'" if template == EMPTY else "")  # as our own servers have it
        made = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
        self._connection.execute(made + how)
        self._connection.execute(
            sql.SQL("COMMENT ON DATABASE {} IS {}").format(sql.Identifier(name), sql.Literal(MADE))
        )

    def _drop(self, name: str) -> None:
        from psycopg import sql

        self._connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def _rows(self, statement: str, values: Sequence[object] = ()) -> list[Any]:
        return list(self._connection.execute(statement, values).fetchall())

    def _one(self, statement: str, values: Sequence[object] = ()) -> Any:
        return self._rows(statement, values)[0][0]


@contextmanager
def connected(url: str) -> Iterator[Any]:
    """A connection in autocommit. Raises TandemError that says why there is none."""
    import psycopg

    try:
        connection = psycopg.connect(url, autocommit=True, connect_timeout=5)
    except psycopg.Error as error:
        raise TandemError(
            f"no connection to {_shown(url)}: {' '.join(str(error).split())} (a password is taken from PGPASSWORD or ~/.pgpass)"
        ) from None
    with connection:
        yield connection


@contextmanager
def server(url: str) -> Iterator[ExistingServer]:
    """The server at a URL, and at the end all is as it was. Raises TandemError, also of what PostgreSQL refuses later."""
    import psycopg

    with connected(url) as connection:
        found = ExistingServer(url, connection)
        try:
            yield found
        except psycopg.Error as error:
            raise TandemError(f"PostgreSQL at {_shown(url)}: {' '.join(str(error).split())}") from None
        finally:
            found.end()


def _shown(url: str) -> str:
    """Return where it is, without a password."""
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port or 5432}"
