"""What `tandem serve` prints of the logs that it follows."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tandem.launch import foreground
from tandem.launch.foreground import BURST, LONGEST_LINE, LogPrinter


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """An empty log."""
    (tmp_path / "a.log").touch()
    return tmp_path / "a.log"


@pytest.fixture
def said() -> list[str]:
    """What was printed."""
    return []


@pytest.fixture
def tail(log: Path, said: list[str]) -> LogPrinter:
    """Follows the log of one process."""
    found, child = LogPrinter(said.append), SimpleNamespace(name="app", log=log)
    child_of_any_kind: Any = child
    found.follow(child_of_any_kind)
    return found


def write(log: Path, data: bytes) -> None:
    """Add to the log, as its process does."""
    with log.open("ab") as file:
        file.write(data)


def test_lines_come_whole_and_once(tail: LogPrinter, log: Path, said: list[str]) -> None:
    write(log, b"one\ntw")
    tail.show()
    write(log, b"o\n")
    tail.show()
    tail.show()
    assert said == ["app | one", "app | two"]


def test_nothing_reaches_the_terminal_as_a_command(tail: LogPrinter, log: Path, said: list[str]) -> None:
    write(log, bytes(range(256)) + b"\n\x1b]0;mine\x07\x1b[2J\xc2\x9b31m\xe2\x80\xae\n")
    tail.show()
    assert said
    assert all(line.isprintable() for line in said)
    assert said[-1] == r"app | \x1b]0;mine\x07\x1b[2J\x9b31m\u202e"


def test_a_flood_is_counted(tail: LogPrinter, log: Path, said: list[str]) -> None:
    write(log, (b"x" * 10_000 + b"\n") * (BURST + 50))
    tail.show()
    assert re.fullmatch(rf"app \| 50 .* {log}", said[BURST])
    assert max(map(len, said)) <= len("app | ") + LONGEST_LINE
    said.clear()
    for _ in range(10):
        write(log, b"x\n" * 1000)
        tail.show()
    assert said[::2] == ["app | x"] * 10
    assert all(re.fullmatch(rf"app \| 999 .* {log}", line) for line in said[1::2])
    assert len(said) == 20


def test_a_log_that_has_become_large_begins_anew(
    tail: LogPrinter, log: Path, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(foreground, "LARGEST_LOG", 1000)
    for number in range(100):
        write(log, b"%d %s\n" % (number, b"x" * 100))
        tail.show()
        assert log.stat().st_size < 1200
    assert [line.split()[2] for line in said if "more, in" not in line] == [str(number) for number in range(100)]
    write(log, b"y" * 5000)  # no line at all
    tail.show()
    write(log, b"z\n")
    tail.show()
    assert (log.stat().st_size, said[-1]) == (2, "app | z")
