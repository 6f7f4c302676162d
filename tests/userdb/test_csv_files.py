"""A CSV file becomes forms, or each bad line is named with its number and the reason."""

from __future__ import annotations

import tracemalloc

import pytest

from tests.support.files import people
from userdb import csv_files
from userdb.errors import Invalid
from userdb.forms import UserForm


@pytest.mark.parametrize(
    "file",
    [
        b"username,email,age\nada,Ada@B,36\nbob,bob@b,\n",
        b"username,email,age\r\nada,Ada@B,36\r\nbob,bob@b,",
        b'\xef\xbb\xbfage,email,username\n36,"Ada@B",ada\n,bob@b,bob\n',
    ],
)
def test_a_good_file(file: bytes) -> None:
    assert csv_files.users(file) == [UserForm("ada", "ada@b", 36), UserForm("bob", "bob@b")]


def test_an_age_may_be_left_out() -> None:
    assert csv_files.users(b"email,username\na@b,ada") == [UserForm("ada", "a@b")]


USERNAME, EMAIL = (
    "must be 1 to 80 letters (A to Z), digits, '.', '_' or '-'",
    "must be local@domain, at most 120 ASCII characters",
)
AGE = "must be a whole number from 0 to 150, or nothing"
QUOTE = "is not CSV: a quote is not closed, or stands where none may"

BAD: dict[str, tuple[bytes, list[tuple[str, str]]]] = {
    "nothing": (b"", [("line 1", "is empty")]),
    "no user": (b"username,email\n", [("line 2", "is missing: there is no user")]),
    "a column of ours that is not taken": (
        b"username,email,password\na,a@b,c", [("line 1", "password is not a column: there are username, email and age")],
    ),
    "a column twice": (b"username,email,email\na,a@b,a@b", [("line 1", "email stands there more than once")]),
    "a column missing": (b"username\na", [("line 1", "email is missing: it names the columns")]),
    "quotes": (b'username,email\n"a,a@b\na"b,a@b\n"a"b,a@b', [("line 2", QUOTE), ("line 4", QUOTE)]),
    "a line between two fields": (b'username,email\n"a\n",a@b', [("line 2", QUOTE), ("line 3", QUOTE)]),
    "NUL": (b"username,email\na,a@b\na\0,a@c", [("line 3", "holds NUL")]),
    "an empty line": (b"username,email\na,a@b\n\nc,c@d", [("line 3", "is empty")]),
    "Latin-1": (b"username,email\na,a@b\n\xe9,c@d", [("line 3", "is not UTF-8")]),
    "UTF-16": ("username,email\na,a@b".encode("utf-16"), [("line 1", "is not UTF-8")]),
    "too many columns": (b"username,email\na,a@b,c", [("line 2", "has 3 columns, not 2")]),
    "millions of columns": (b"username,email\n" + b"," * 3_000_000, [("line 2", "is longer than 1000 characters")]),
    "values": (
        b"username,email,age\n a,b,151\nb,b@c,1.5",
        [("line 2", f"username {USERNAME}"), ("line 2", f"email {EMAIL}"), ("line 2", f"age {AGE}"), ("line 3", f"age {AGE}")],
    ),
    "a name twice": (
        b"username,email\na,a@b\na,A@B", [("line 3", "username is that of line 2"), ("line 3", "email is that of line 2")],
    ),
    "a carriage return alone": (b"username,email\na,a@b\rb,b@c", [("line 2", QUOTE)]),
}  # fmt: skip


@pytest.mark.parametrize("what", BAD)
def test_a_bad_file(what: str) -> None:
    file, faults = BAD[what]
    with pytest.raises(Invalid) as caught:
        csv_files.users(file)
    found = list(caught.value.errors)
    assert [each for each in faults if each not in found] == [] if what == "quotes" else found == faults


def test_what_is_told_is_bounded_and_nothing_is_read_after_it() -> None:
    with pytest.raises(Invalid) as caught:
        csv_files.users(b"username,email\n" + b"\n" * 20_000)
    assert len(caught.value.errors) == 20
    assert caught.value.detail == "More than 20 values are not valid; these are the first."


def test_what_is_refused_for_its_size_takes_little_more_memory_than_it_has() -> None:
    file = b"\n" * 5_000_000
    tracemalloc.start()
    with pytest.raises(Invalid):
        csv_files.users(file)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2.5 * len(file)


def test_one_user_too_many() -> None:
    with pytest.raises(Invalid) as caught:
        csv_files.users(people(csv_files.MOST_LINES + 1, "a"))
    assert caught.value.errors == [("line 25002", "is one too many: a file may hold 25000 users")]
