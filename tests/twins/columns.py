"""Both apps in two columns of a terminal; a line that is too long goes on below, so that none is cut off."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest

from tests.twins.rows import APPS, Line, rows

GUTTER = 4
"""Characters for the number of a line; where a line only goes on, there is none."""

NARROWEST = 30
"""Characters below which two columns make no sense."""


def side(width: int) -> int:
    """The characters of one column, its gutter and a space included, where both with a mark between them have `width`."""
    return (max(width, NARROWEST) - 3) // 2


def sheet(name: str, width: int) -> Iterator[str]:
    """One file of both apps, with a mark on each line that differs."""
    column = side(width)
    yield "=" * (2 * column + 3)
    left, right = (_pieces(f"{app}/{name}", column) for app in APPS)
    yield from _beside(left, right, " ", column)
    yield "-" * (2 * column + 3)
    for row in rows(name):
        left, right = (_cells(line, column - GUTTER - 1) for line in (row.left, row.right))
        yield from _beside(left, right, " " if row.is_same else "|", column)


def _cells(line: Line | None, room: int) -> list[str]:
    if line is None:
        return []
    numbers = [str(line.number)]
    return [
        f"{number:>{GUTTER}} {piece}" for number, piece in zip_longest(numbers, _pieces(line.text, room), fillvalue="")
    ]


def _pieces(text: str, room: int) -> list[str]:
    return [text[start : start + room] for start in range(0, len(text) or 1, room)]


def _beside(left: list[str], right: list[str], mark: str, column: int) -> Iterator[str]:
    for one, other in zip_longest(left, right, fillvalue=""):
        yield f"{one:<{column}} {mark} {other}".rstrip()
