"""Side by side no line of either app loses a character, whatever the width: both files can be put together again."""

from __future__ import annotations

import fcntl
import io
import os
import pty
import struct
import termios
from contextlib import closing
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.twins import __main__ as twins
from tests.twins import rows
from tests.twins.columns import GUTTER, NARROWEST, side
from tests.twins.normal import ROOT
from tests.twins.page import page

Files = dict[str, list[str]]


def files() -> Files:
    """What there is, read without what is tested."""
    return {
        f"{app}/{path.relative_to(ROOT / app).as_posix()}": path.read_text().split("\n")[:-1]
        for app in rows.APPS
        for path in (ROOT / app).rglob("*.py")
    }


def put_together(shown: str, width: int) -> Files:
    """Both apps from two columns."""
    column, found = side(width), Files()
    heading, current = ["", ""], ["", ""]
    for line in shown.splitlines():
        cells = [line[:column], line[column + 3 :]]
        if set(line) == {"="}:
            heading = ["", ""]  # a new file
        elif heading is not current and set(line) == {"-"}:
            current = heading
            found |= {name: [] for name in current}
        elif heading is not current:
            heading = [head + cell.strip() for head, cell in zip(heading, cells, strict=True)]
        else:
            for name, cell in zip(current, cells, strict=True):
                add(found[name], cell[:GUTTER].strip(), cell[GUTTER + 1 :].ljust(column - GUTTER - 1))
    return {name: [line.rstrip() for line in lines] for name, lines in found.items()}


def add(lines: list[str], number: str, piece: str) -> None:
    """Begin the line of that number, or go on with the last."""
    if number:
        lines.append(piece)
        assert int(number) == len(lines)
    elif lines:  # blanks beside what only the other has end up behind a line, where there are none
        lines[-1] += piece


class Tables(HTMLParser):
    """Both apps from the page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: Files = {}
        self.names: list[str] = []
        self.cells: list[str] = []
        self.outside: list[str] = []  # what the page would load
        self.is_in_cell = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.outside += [str(value) for name, value in attrs if name in ("src", "href") and str(value)[:1] != "#"]
        if tag == "tr":
            self.cells = []
        self.is_in_cell |= tag in ("td", "th")
        self.cells += [""] * (tag in ("td", "th"))

    def handle_data(self, data: str) -> None:
        if self.is_in_cell:
            self.cells[-1] += data

    def handle_endtag(self, tag: str) -> None:
        self.is_in_cell &= tag not in ("td", "th")
        if tag == "tr" and len(self.cells) == 2:
            self.names = self.cells
            self.found |= {name: [] for name in self.names}
        elif tag == "tr":
            for name, number, code in zip(self.names, self.cells[::2], self.cells[1::2], strict=True):
                self.found[name] += [code] * bool(number)
                assert not number or int(number) == len(self.found[name])


@pytest.mark.parametrize("width", [10, 40, 80, 200])
def test_no_line_is_cut_off_and_none_is_too_long(
    width: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    twins.main([])
    shown = capsys.readouterr().out
    assert max(map(len, shown.splitlines())) <= max(width, NARROWEST)
    assert put_together(shown, width) == files()


def test_the_page_has_every_line_whole_and_loads_nothing() -> None:
    tables = Tables()
    tables.feed(page())
    assert tables.found == files()
    assert tables.outside == []


def test_the_page_is_written_and_its_place_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "build" / "twins.html"
    monkeypatch.setattr(twins, "PAGE", file)
    twins.main(["--html"])
    assert capsys.readouterr().out == f"{file}\n"
    assert file.read_text() == page()


def test_a_terminal_is_filled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    master, slave = pty.openpty()
    with closing(os.fdopen(master, "rb", buffering=0)), os.fdopen(slave, "w") as terminal:
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 97, 0, 0))
        assert twins.width(terminal) == 97
    assert twins.width(io.StringIO()) == 60


@pytest.mark.parametrize("columns", ["", "0", "wide", "-5"])
def test_where_nobody_says_how_wide_it_is_there_is_a_default(columns: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    assert twins.width(io.StringIO()) == twins.WIDTH
