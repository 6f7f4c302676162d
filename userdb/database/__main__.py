"""Create, seed, snapshot and restore the database: `python -m userdb.database --help`."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from userdb import settings as userdb_settings
from userdb.database import whole
from userdb.settings import SettingsError
from userdb.sqlite_driver import DefectiveSQLiteError


def main(arguments: list[str] | None = None) -> int:
    """Run one command; 0 if it was done, 1 with a sentence on standard error if not."""
    options = _parser().parse_args(arguments)
    environment = dict(os.environ) | ({"DATABASE_URL": options.url} if options.url else {})
    try:
        settings = userdb_settings.from_environment(environment)
        match options.command:
            case "create":
                whole.create(settings)
            case "seed":
                whole.seed(settings, options.users)
            case "snapshot":
                whole.snapshot(settings, options.file)
            case "restore":
                whole.restore(settings, options.file)
    except (whole.DatabaseError, SettingsError, DefectiveSQLiteError, OSError) as error:
        print(f"userdb.database: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m userdb.database", description=__doc__)
    parser.add_argument("--url", help="the database, such as sqlite:///var/tandem.db (default: DATABASE_URL)")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("create", help="create the tables; what is there already stays")
    seed = commands.add_parser("seed", help="create the tables and fill them with the same users every time")
    seed.add_argument("--users", type=_count, default=10_000, help="how many (default: 10000)")
    for name, text in (("snapshot", "write the database into FILE"), ("restore", "replace the database by FILE")):
        commands.add_parser(name, help=text).add_argument("file", type=Path, metavar="FILE")
    return parser


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 10_000_000):
        raise argparse.ArgumentTypeError("a whole number from 1 to 10000000")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
