"""The database as version 0.1 of this project made it, before there were migrations."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import make_url

from tests.userdb.tool import run

# The table as version 0.1 of this project made it, verbatim.
OLD = {
    "sqlite": """
        CREATE TABLE users (
            id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
            username VARCHAR(80) NOT NULL,
            email VARCHAR(120) NOT NULL,
            age SMALLINT,
            created_at VARCHAR(20) NOT NULL,
            version INTEGER NOT NULL,
            CONSTRAINT uq_users_username UNIQUE (username),
            CONSTRAINT uq_users_email UNIQUE (email)
        )""",
    "postgresql": """
        CREATE TABLE users (
            id BIGSERIAL NOT NULL,
            username VARCHAR(80) COLLATE "C" NOT NULL,
            email VARCHAR(120) NOT NULL,
            age SMALLINT,
            created_at VARCHAR(20) NOT NULL,
            version INTEGER NOT NULL,
            CONSTRAINT pk_users PRIMARY KEY (id),
            CONSTRAINT uq_users_username UNIQUE (username),
            CONSTRAINT uq_users_email UNIQUE (email)
        )""",
}

INSERT = (
    "INSERT INTO users (username, email, age, created_at, version) VALUES ('{0}', '{0}@example.org', {1}, '{2}', {3})"
)

OLD_ROWS = [
    (1, "admin", "admin@example.org", 55, "2026-01-01T00:00:01Z", 1),
    (2, "Zoe", "Zoe@example.org", None, "2026-02-28T23:59:59Z", 12),
]


def empty(url: str) -> None:
    """Make a database in which nothing is; PostgreSQL's is there already."""
    if url.startswith("sqlite"):
        Path(make_url(url).database or "").touch()


def make_old(url: str) -> None:
    """Make the table as it was."""
    empty(url)
    run(url, OLD[make_url(url).get_backend_name()])
