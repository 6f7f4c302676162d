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
from collections.abc import Callable, Iterable, Iterator, MutableSequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import IO, Annotated, Any, NamedTuple, get_type_hints


class Column(NamedTuple):
    """One column: how a value is written, how a cell is read, and what holds many of them: of a reader, and of the generator."""

    write: Callable[[Any], object]
    read: Callable[[str], Any]
    many: Callable[[], Any]
    kept: str  # the array's type code; times are whole microseconds there, names are numbers. Empty: it follows from others


def _numbers(code: str) -> Callable[[], array[Any]]:
    return lambda: array(code)


def _integer(kept: str) -> Column:
    return Column(int, int, _numbers("q"), kept)


def _milliseconds(kept: str) -> Column:
    return Column("{:.3f}".format, float, _numbers("d"), kept)


def _name(kept: str) -> Column:
    """Few different ones, many times each."""
    return Column(str, sys.intern, list, kept)


@dataclass(frozen=True, slots=True)
class Samples:
    """A column each, in the order of the file, with one value for every arrival. README.md says what each of them means."""

    arrival: Annotated[MutableSequence[int], _integer("q")]
    due: Annotated[MutableSequence[float], Column("{:.6f}".format, float, _numbers("d"), "d")]
    start_delay_ms: Annotated[MutableSequence[float], _milliseconds("I")]
    service_ms: Annotated[MutableSequence[float], _milliseconds("I")]
    response_ms: Annotated[MutableSequence[float], _milliseconds("")]
    in_flight: Annotated[MutableSequence[int], _integer("I")]
    route: Annotated[list[str], _name("H")]
    status: Annotated[MutableSequence[int], _integer("H")]
    outcome: Annotated[list[str], _name("B")]
    asked: Annotated[list[str], Column(str, str, list, "I")]
    reason: Annotated[list[str], _name("I")]

    @classmethod
    def empty(cls) -> Samples:
        """Return columns without a value."""
        return cls(**{name: column.many() for name, column in COLUMNS.items()})

    def __len__(self) -> int:
        return len(self.arrival)

    def columns(self) -> list[Any]:
        """Return the columns in the order of the file."""
        return [getattr(self, name) for name in COLUMNS]


COLUMNS: dict[str, Column] = {
    name: hint.__metadata__[0] for name, hint in get_type_hints(Samples, include_extras=True).items()
}

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
