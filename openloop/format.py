"""The file of samples: one line of CSV per arrival, compressed with gzip. Its columns, its one writer and its one reader.

Needs the standard library alone, so that whoever computes with samples can read them without Locust.
"""

from __future__ import annotations

import contextlib
import csv
import gzip
import io
import math
import os
import sys
from array import array
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice
from pathlib import Path
from typing import IO, Any, NamedTuple


class Column(NamedTuple):
    """One column: how a value is written, how a cell is read, and what holds many of them."""

    write: Callable[[Any], object]
    read: Callable[[str], Any]
    many: Callable[[], Any]


def _numbers(code: str) -> Callable[[], array[Any]]:
    return lambda: array(code)


_INTEGER = Column(int, int, _numbers("q"))
_SECONDS = Column("{:.6f}".format, float, _numbers("d"))
_MILLISECONDS = Column("{:.3f}".format, float, _numbers("d"))
_NAME = Column(str, sys.intern, list)  # few different ones, many times each
_TEXT = Column(str, str, list)

COLUMNS = {
    "arrival": _INTEGER,
    "due": _SECONDS,
    "start_delay_ms": _MILLISECONDS,
    "service_ms": _MILLISECONDS,
    "response_ms": _MILLISECONDS,
    "in_flight": _INTEGER,
    "route": _NAME,
    "status": _INTEGER,
    "outcome": _NAME,
    "asked": _TEXT,
    "reason": _NAME,
}
"""In the order of the file. README.md says what each of them means."""

OUTCOMES = ("ok", "failed", "unfinished", "dropped")
"""What becomes of an arrival."""

INCOMPARABLE = "00000000"
"""In the column `asked`: what this arrival asked for can't be compared with another run."""

CHUNK = 1 << 16
"""Characters that are read at once: so few that they stay in the CPU's cache."""


MOST_LINE, MOST_FILE = 1 << 16, 1 << 30
"""Characters of a line, and of a file: some ten million lines. A small compressed file can hold more than any memory."""


def write(path: str | Path, rows: Iterable[Iterable[Any]]) -> None:
    """Write a file, whole or not at all; a row has a value per column, in their order. Raises OSError."""
    partial = f"{path}.partial"
    writes = [column.write for column in COLUMNS.values()]
    try:
        with gzip.open(partial, "wt", compresslevel=3, encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(COLUMNS)
            writer.writerows([to_cell(value) for to_cell, value in zip(writes, row, strict=True)] for row in rows)
        os.replace(partial, path)
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(partial)
        raise


def read(path: str | Path, names: Iterable[str] = tuple(COLUMNS)) -> dict[str, Any]:
    """Return these columns, wherever in the file they stand: arrays of numbers, lists of texts, a value per arrival.

    Raises ValueError where it is no such file or cut off, and as gzip does: OSError, EOFError, zlib.error.
    """
    found = {name: COLUMNS[name].many() for name in names}
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        header = next(csv.reader([file.readline(MOST_LINE)]), [])
        if missing := found.keys() - set(header):
            raise ValueError(f"they do not begin with the columns of samples: {', '.join(sorted(missing))} missing")
        columns = [(found[name].extend, COLUMNS[name].read, header.index(name)) for name in found]
        for cells in _cells(file, len(header)):
            for extend, from_cell, place in columns:
                extend(map(from_cell, cells[place :: len(header)]))
    _check(found)
    return found


def _cells(file: IO[str], width: int) -> Iterator[list[str]]:
    """Yield the cells of some whole lines at a time, one line after the other.

    Only where something is quoted the csv module is needed, which takes twice as long.
    """
    rest, left = "", MOST_FILE
    while text := file.read(CHUNK):
        left -= len(text)
        if left < 0 or len(rest) > MOST_LINE:
            raise ValueError("larger than samples can be")
        text = rest + text
        if '"' in text:
            first = io.StringIO(text + file.readline(MOST_LINE), newline="")
            others = iter(lambda: file.readline(MOST_LINE), "")
            yield from _quoted_cells(_bounded(chain(first, others), left), width)
            return
        lines, _, rest = text.rpartition("\n")
        if lines:
            if {line.count(",") for line in lines.split("\n")} != {width - 1}:
                raise ValueError(f"a line has not {width} columns")
            yield lines.replace("\n", ",").split(",")
    if rest:
        raise ValueError("the last line is cut off")


def _bounded(lines: Iterable[str], left: int) -> Iterator[str]:
    for line in lines:
        left -= len(line)
        if left < 0 or len(line) >= MOST_LINE:
            raise ValueError("larger than samples can be")
        yield line


def _quoted_cells(lines: Iterable[str], width: int) -> Iterator[list[str]]:
    rows = csv.reader(_whole(lines), strict=True)
    try:
        while some := list(islice(rows, 256)):
            if {len(row) for row in some} != {width}:
                raise ValueError(f"a line has not {width} columns")
            yield list(chain.from_iterable(some))
    except csv.Error as error:
        raise ValueError(str(error)) from error


def _whole(lines: Iterable[str]) -> Iterator[str]:
    line = "\n"
    for line in lines:
        yield line
    if not line.endswith("\n"):
        raise ValueError("the last line is cut off")


def _check(columns: dict[str, Any]) -> None:
    if unknown := set(columns.get("outcome", ())).difference(OUTCOMES):
        raise ValueError(f"unknown outcome {unknown.pop()!r}")
    for name, values in columns.items():
        if COLUMNS[name].read is float and any(map(math.isnan, values)):
            raise ValueError(f"{name}: a time is no number")
