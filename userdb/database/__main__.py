"""Create, migrate, seed, snapshot and restore the database, name administrators, set passwords.

`python -m userdb.database --help` and `python -m userdb.database COMMAND --help` say how.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Any

import msgspec

from userdb import forms
from userdb import settings as userdb_settings
from userdb.database import accounts, lifecycle, password_prompt
from userdb.database.connections import DatabaseError
from userdb.settings import Settings, SettingsError
from userdb.sqlite_driver import DefectiveSQLiteError

_PASSWORD = f"The password, {forms.RULES['password']}, is asked for twice at a terminal, else it is the first line of the input."


def main(arguments: list[str] | None = None) -> int:
    """Run one command; 0 if it was done, 1 with a sentence on standard error if not."""
    options = _parser().parse_args(arguments)
    environment = dict(os.environ) | ({"DATABASE_URL": options.url} if options.url else {})
    try:
        _run(options, userdb_settings.from_environment(environment))
    except (DatabaseError, SettingsError, DefectiveSQLiteError, OSError) as error:
        print(f"userdb.database: {error}", file=sys.stderr)
        return 1
    return 0


def _run(options: argparse.Namespace, settings: Settings) -> None:
    match options.command:
        case "create":
            lifecycle.create(settings)
        case "migrate":
            lifecycle.migrate(settings)
        case "seed":
            lifecycle.seed(settings, options.users)
        case "snapshot":
            lifecycle.snapshot(settings, options.file)
        case "restore":
            lifecycle.restore(settings, options.file)
        case "admin":
            created = accounts.make_admin(settings, options.name, options.email, password_prompt.password)
            print(f"{options.name} is {'a new user and' if created else 'now'} an administrator")
        case "password":
            accounts.set_password(settings, options.name, password_prompt.password)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m userdb.database", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--url", help="the database, such as sqlite:///var/tandem.db (default: DATABASE_URL)")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _command(commands, "create", "create the tables, or migrate those that are there; what they hold stays")
    _command(
        commands,
        "migrate",
        "bring a database that is there to the newest version",
        "All of it or nothing: whatever goes wrong, the database is as it was. Afterwards there is no way back but a snapshot "
        "made before. Users from before there were accounts have no password, and none is an administrator: admin makes one.",
    )
    seed = _command(commands, "seed", "create the tables and fill them with the same users every time")
    seed.add_argument("--users", type=_count, default=10_000, help="how many (default: 10000)")
    for name, text in (("snapshot", "write the database into FILE"), ("restore", "replace the database by FILE")):
        _command(commands, name, text).add_argument("file", type=Path, metavar="FILE")
    admin = _command(commands, "admin", "make NAME an administrator with a new password", _PASSWORD)
    admin.add_argument("name", type=_username, metavar="NAME")
    admin.add_argument(
        "--email", type=_email, help="the user's email from now on; a user who is not there is created with it"
    )
    password = _command(
        commands, "password", "set the password of NAME", f"{_PASSWORD} All sessions of the user end with the old one."
    )
    password.add_argument("name", type=_username, metavar="NAME")
    return parser


def _command(commands: Any, name: str, what: str, more: str = "") -> argparse.ArgumentParser:
    described = f"{what[0].upper()}{what[1:]}. {more}"
    parser: argparse.ArgumentParser = commands.add_parser(name, help=what, description=described)
    return parser


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 10_000_000):
        raise argparse.ArgumentTypeError("a whole number from 1 to 10000000")
    return int(text)


def _username(text: str) -> str:
    return _valid("username", text, forms.Username)


def _email(text: str) -> str:
    return _valid("email", text, forms.Email).lower()


def _valid(field: str, text: str, kind: type[str]) -> str:
    try:
        return msgspec.convert(text, kind)
    except msgspec.ValidationError:
        raise argparse.ArgumentTypeError(forms.RULES[field]) from None


if __name__ == "__main__":
    sys.exit(main())
