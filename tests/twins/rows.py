"""A file of both apps, line beside line."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass

from tests.twins.normal import ROOT

APPS = ("wsgi_app", "asgi_app")


@dataclass(frozen=True)
class Line:
    """One line of a file; the first has the number 1."""

    number: int
    text: str


@dataclass(frozen=True)
class Row:
    """A line of each file; None where one of them has nothing to say."""

    left: Line | None
    right: Line | None

    @property
    def is_same(self) -> bool:
        """Whether both say the same."""
        return self.left is not None and self.right is not None and self.left.text == self.right.text


def names() -> list[str]:
    """The files of either app."""
    return sorted({path.relative_to(ROOT / app).as_posix() for app in APPS for path in (ROOT / app).rglob("*.py")})


def lines(app: str, name: str) -> list[Line]:
    """A file of an app; none where the app has no such file."""
    file = ROOT / app / name
    text = file.read_text().splitlines() if file.is_file() else []
    return [Line(number, line) for number, line in enumerate(text, 1)]


def rows(name: str) -> Iterator[Row]:
    """The file in both apps: every line of either once, in order."""
    left, right = (lines(app, name) for app in APPS)
    one, other = ([line.text for line in side] for side in (left, right))
    for _, i1, i2, j1, j2 in difflib.SequenceMatcher(None, one, other, autojunk=False).get_opcodes():
        for number in range(max(i2 - i1, j2 - j1)):
            yield Row(left[i1 + number] if i1 + number < i2 else None, right[j1 + number] if j1 + number < j2 else None)
