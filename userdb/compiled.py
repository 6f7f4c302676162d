"""Statements as text in the words of one driver, each compiled once."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ClauseElement, Dialect
from sqlalchemy.dialects import registry

DRIVERS = {"sqlite": ("sqlite.pysqlite", "named"), "postgresql": ("postgresql.psycopg", "pyformat")}
"""The driver for each database, whose dialect is imported only where it is asked for, and how it names values (PEP 249)."""


class Compiled:
    """What has been compiled so far, for the dialect of a database."""

    def __init__(self, backend: str) -> None:
        driver, style = DRIVERS[backend]
        self._dialect: Dialect = registry.load(driver)(paramstyle=style)
        self._known: dict[ClauseElement, tuple[str, dict[str, Any]]] = {}

    def __call__(self, statement: ClauseElement, values: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        """The text of a statement, and all values for it: those that are given and those that stand in it."""
        known = self._known.get(statement)
        if known is None:
            known = self._known[statement] = self._compile(statement)
        text, constants = known
        return text, {**constants, **values} if constants else values

    def _compile(self, statement: ClauseElement) -> tuple[str, dict[str, Any]]:
        compiled = statement.compile(dialect=self._dialect)
        constants = {name: value for name, value in compiled.params.items() if value is not None}
        return str(compiled), constants
