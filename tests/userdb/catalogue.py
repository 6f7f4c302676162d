"""What a database itself says of its tables: more than alembic compares, such as names, collations and AUTOINCREMENT."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import Connection, text

_POSTGRESQL = {
    "columns": """
        SELECT attrelid::regclass::text, attnum, attname, format_type(atttypid, atttypmod), attnotnull,
               pg_get_expr(adbin, adrelid), attcollation::regcollation::text
        FROM pg_attribute JOIN pg_class ON attrelid = pg_class.oid
             LEFT JOIN pg_attrdef ON (adrelid, adnum) = (attrelid, attnum)
        WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND attnum > 0 AND NOT attisdropped""",
    "constraints": """
        SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid)
        FROM pg_constraint WHERE connamespace = 'public'::regnamespace""",
    "indexes": "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
    "sequences": """
        SELECT sequencename, data_type::text, pg_get_serial_sequence('users', 'id')
        FROM pg_sequences WHERE schemaname = 'public'""",
}


def catalogue(connection: Connection) -> dict[str, Any]:
    """All tables but alembic's, in every detail that is kept of them and in a form that can be compared."""
    if connection.dialect.name == "sqlite":
        return _sqlite(connection)
    return {
        kind: sorted(tuple(row) for row in connection.execute(text(query)) if "alembic_version" not in str(row[0]))
        for kind, query in _POSTGRESQL.items()
    }


def _sqlite(connection: Connection) -> dict[str, Any]:
    tables = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE type = 'table'").all()
    return {name: _table(connection, name, sql) for name, sql in tables if name != "alembic_version"}


def _table(connection: Connection, name: str, sql: str) -> dict[str, Any]:
    # A column that was added later stands elsewhere in the text of the statement, so the text itself is not compared.
    return {
        "columns": [tuple(row) for row in connection.exec_driver_sql(f"PRAGMA table_xinfo({name})")],
        "indexes": sorted(
            (tuple(index)[2:], [tuple(row) for row in connection.exec_driver_sql(f"PRAGMA index_xinfo({index[1]})")])
            for index in connection.exec_driver_sql(f"PRAGMA index_list({name})").all()
        ),
        "names": sorted(re.findall(r"CONSTRAINT (\w+ \w+)", sql)),
        "autoincrement": "AUTOINCREMENT" in sql,
    }
