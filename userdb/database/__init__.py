"""Command-line tools that create, migrate, seed, snapshot and restore the database; neither app ever imports this."""

import userdb.sqlite_driver  # noqa: F401  # first of all, before anything imports sqlite3
