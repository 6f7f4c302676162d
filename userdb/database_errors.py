"""What a database raises, as what the client is told; and a database of another version than the code."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from sqlalchemy import exc

from userdb import errors
from userdb.models import SCHEMA


class OtherSchema(RuntimeError):
    """The database is of another version than the code."""


def refuse_other_schema(found: str | None) -> None:
    """Raise OtherSchema unless the database is of this version's schema."""
    if found != SCHEMA:
        raise OtherSchema(_other_schema(found or "of no version"))


def _other_schema(found: str) -> str:
    if found.isdigit() and found > SCHEMA:  # four digits each
        return f"the database has a schema {found}, newer than this app, which is for {SCHEMA}: start the app's newer version"
    return f"the database has a schema {found} and needs {SCHEMA}: run `python -m userdb.database migrate`"


@contextmanager
def translate_schema_errors(*kinds: type[Exception]) -> Iterator[None]:
    """Turn what a database says that has no version at all into OtherSchema: SQLAlchemy's errors, or those of a driver."""
    try:
        yield
    except (exc.DBAPIError, *kinds) as error:  # type: ignore[misc]  # a tuple of kinds, made here
        raise OtherSchema(_other_schema("of no version")) from error


class Driver(Protocol):
    """The module of a driver: what of its errors has a name in all of them (PEP 249)."""

    @property
    def IntegrityError(self) -> type[Exception]: ...  # noqa: N802  # its name there


@contextmanager
def translate_database_errors() -> Iterator[None]:
    """Turn what the database raises into what the client is told; anything unexpected passes through."""
    try:
        yield
    except exc.IntegrityError as error:
        raise errors.Taken(_taken_field(error.orig)) from error
    except (exc.OperationalError, exc.TimeoutError) as error:
        raise errors.Busy() from error


def of_driver(driver: Driver, error: Exception) -> errors.Problem:
    """The same for one of these two errors of a driver by itself."""
    return errors.Taken(_taken_field(error)) if isinstance(error, driver.IntegrityError) else errors.Busy()


def _taken_field(error: object) -> str:
    # PostgreSQL names the constraint, SQLite the column, and both show it before any value.
    diagnostics = getattr(error, "diag", None)
    name = diagnostics.constraint_name if diagnostics else str(error).rpartition(".")[2]
    return "email" if str(name).endswith("email") else "username"
