"""A new password from standard input."""

from __future__ import annotations

import sys
from getpass import getpass

import msgspec

from userdb import forms
from userdb.database.connections import DatabaseError


def password() -> str:
    """What was typed, twice, at a terminal, or else the first line. Raises DatabaseError if it may not be a password."""
    try:
        return msgspec.convert(_typed() if sys.stdin and sys.stdin.isatty() else _first_line(), forms.Password)
    except UnicodeError:
        raise DatabaseError("the password is not UTF-8") from None
    except msgspec.ValidationError:
        raise DatabaseError(f"the password must be {forms.RULES['password']}") from None


def _first_line() -> str:
    # Python has no sys.stdin where it was closed.
    return sys.stdin.buffer.readline().decode().rstrip("\r\n") if sys.stdin else ""


def _typed() -> str:
    try:
        first = getpass("Password: ")
        second = getpass("The same again: ")
    except (EOFError, KeyboardInterrupt):
        raise DatabaseError("no password was given, and nothing is changed") from None
    if first != second:
        raise DatabaseError("that was not the same twice")
    return first
