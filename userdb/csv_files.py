"""Users as a CSV file (RFC 4180, UTF-8): untrusted lines become forms, or an error that names the bad ones by their numbers;
users become lines that no spreadsheet takes for formulas."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from io import StringIO
from typing import Any

import msgspec

from userdb import forms
from userdb.errors import MOST_ERRORS, Invalid, LinesTaken
from userdb.forms import UserForm
from userdb.models import User
from userdb.urls import PageOfUsers

COLUMNS = ("username", "email", "age")
"""Of a file that is imported, in any order; `age` may be left out. There are no passwords: to hash a file of them would
keep all others from logging in for minutes."""

MOST_LINES = 25_000
"""Users of one file: written in a transaction of about a second, for which whoever else writes has to wait."""

LONGEST_LINE = 1000
"""Characters: no user needs so many, and a line of millions of columns isn't even taken apart."""

BATCH = 100
"""Users that are asked for, or written, by one statement."""

PIECE = 200
"""Users that are read at a time for a file that is sent."""

MOST_EXPORTS = 4
"""Files that a process sends at a time: in one with threads, each holds one of them for as long as its client takes to read."""

HEAD = ",".join(User.__struct_fields__).encode() + b"\r\n"
"""The first line of a file that is sent."""

_FORMULA = re.compile(r"[=+\-@\t\r]")
_AGE = re.compile(r"[0-9]{1,9}\Z")

Fault = tuple[str, str]
"""The line, and what is wrong with it."""


def users(file: bytes) -> list[UserForm]:
    """The users of a file, the first of line 2. Raises Invalid."""
    lines = _lines(file)
    columns = _columns(lines[0])
    if len(lines) == 1:
        raise Invalid(errors=[("line 2", "is missing: there is no user")])
    found: list[UserForm] = []
    faults: list[Fault] = []
    known: dict[str, int] = {}
    for number, line in enumerate(lines[1:]):
        faults += _read(number, line, columns, found, known)
        if len(faults) > MOST_ERRORS:
            raise _too_many(faults)
    if faults:
        raise Invalid(errors=faults)
    return found


def page_after(page: PageOfUsers, found: Sequence[User]) -> PageOfUsers | None:
    """The page that comes after one of which these users were found, one more than its limit where there is more."""
    return PageOfUsers(after=found[page.limit - 1].id, limit=page.limit) if len(found) > page.limit else None


def lines(found: Sequence[User]) -> bytes:
    """The lines of these users. What a spreadsheet would compute has an apostrophe before it, as it takes for text."""
    text = StringIO()
    rows = csv.writer(text)
    for user in found:
        name, email = (f"'{value}" if _FORMULA.match(value) else value for value in (user.username, user.email))
        rows.writerow((user.id, name, email, user.age, user.created_at, user.version))
    return text.getvalue().encode()


def batches(found: Sequence[UserForm]) -> Iterator[Sequence[UserForm]]:
    """The users in groups that one statement takes."""
    return (found[start : start + BATCH] for start in range(0, len(found), BATCH))


def refuse_taken(found: Sequence[UserForm], taken: Sequence[Any]) -> None:
    """Raise LinesTaken where other users, of whom these are name and email, have what a line wants."""
    if not taken:
        return
    names, emails = {row[0] for row in taken}, {row[1] for row in taken}
    faults = []
    for number, form in enumerate(found):
        faults += [(_line(number), "username is taken")] if form.username in names else []
        faults += [(_line(number), "email is taken")] if form.email in emails else []
        if len(faults) >= MOST_ERRORS:
            break
    raise LinesTaken(faults[:MOST_ERRORS])


def _lines(file: bytes) -> list[str]:
    try:
        text = file.decode("utf-8-sig")  # with or without the mark that some programs write at the beginning
    except UnicodeDecodeError as error:
        line = 1 + file.count(b"\n", 0, error.start)
        raise Invalid(errors=[(f"line {line}", "is not UTF-8")]) from None
    text = text.removesuffix("\n")
    if text.count("\n") > MOST_LINES:  # before a list is made of millions
        raise Invalid(errors=[(_line(MOST_LINES), f"is one too many: a file may hold {MOST_LINES} users")])
    return text.split("\n")


def _columns(line: str) -> list[str]:
    """The names in the first line."""
    try:
        columns = _values(line)
    except ValueError as error:
        raise Invalid(errors=[("line 1", str(error))]) from None
    faults = [
        ("line 1", f"{name} is not a column: there are username, email and age")
        for name in columns
        if name not in COLUMNS
    ]
    faults += [("line 1", f"{name} stands there more than once") for name in COLUMNS if columns.count(name) > 1]
    faults += [("line 1", f"{name} is missing: it names the columns") for name in COLUMNS[:2] if name not in columns]
    if faults:
        raise Invalid(errors=faults)
    return columns


def _read(number: int, line: str, columns: list[str], found: list[UserForm], known: dict[str, int]) -> list[Fault]:
    """Add the user of a line to those that were found, or say what is wrong with it."""
    try:
        values = _values(line)
    except ValueError as error:
        return [(_line(number), str(error))]
    if len(values) != len(columns):
        return [(_line(number), f"has {len(values)} columns, not {len(columns)}")]
    given: dict[str, Any] = dict(zip(columns, values, strict=True))
    age = given.get("age", "")
    given["age"] = int(age) if _AGE.match(age) else age or None
    try:
        form = msgspec.convert(given, UserForm)
    except msgspec.ValidationError:
        return [(_line(number), f"{name} {fault}") for name, fault in forms.faults_of(given, UserForm)]
    form = msgspec.structs.replace(form, email=form.email.lower())
    found.append(form)
    faults = []
    for name, value in (("username", form.username), ("email", form.email)):
        first = known.setdefault(f"{name} {value}", number)
        faults += [(_line(number), f"{name} is that of {_line(first)}")] if first != number else []
    return faults


def _values(line: str) -> list[str]:
    """The values of a line. Raises ValueError with the reason."""
    if "\0" in line:
        raise ValueError("holds NUL")
    if len(line) > LONGEST_LINE:
        raise ValueError(f"is longer than {LONGEST_LINE} characters")
    try:
        values = next(csv.reader([line.removesuffix("\r")], strict=True), [])
    except csv.Error:
        raise ValueError("is not CSV: a quote is not closed, or stands where none may") from None
    if not values:
        raise ValueError("is empty")
    return values


def _line(number: int) -> str:
    """What the line of a user is called: above the first one stand the names of the columns."""
    return f"line {number + 2}"


def _too_many(faults: Sequence[Fault]) -> Invalid:
    """Of a file that is read no further."""
    return Invalid(f"More than {MOST_ERRORS} values are not valid; these are the first.", faults[:MOST_ERRORS])
