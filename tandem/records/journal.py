"""The journal: what a run leaves on disk, one JSON line each in `records.jsonl`, written before the next block begins.

The first line is a `Run`: everything that was decided before the first block. Then one `Block` per block, in the order
of measurement, and an `End` when the run ended by itself or was stopped. A file without an `End` is a run that was killed:
what it holds can still be reported. Where a run was resumed a `Resumed` follows, then further blocks and another
`End`; the last one counts.

A round is measured as a whole. If something outside the stacks spoiled it, or the run broke off within it, all of it is
measured again: its blocks then carry a higher `attempt`, and the earlier ones stay on record.

Times are in seconds unless a name says `_ms`; CPU is in CPU seconds; memory in bytes; points in time are ISO 8601 in UTC.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from tandem.errors import TandemError
from tandem.records.block import Block
from tandem.records.bounds import SmallCount, Text, clean, plain_bytes
from tandem.records.setup import Provenance, Run

RECORDS = "records.jsonl"
"""Name of the file in the folder of a run."""

FORMAT = 2
"""Version of the format below; raised when an old file could be misread."""


class RecordsError(TandemError):
    """A folder that holds no records which this version can read."""


class Resumed(msgspec.Struct, frozen=True, kw_only=True, tag="resumed"):
    """The run was resumed, to finish it or to measure its planned extension."""

    date: Text
    rounds: SmallCount  # rounds that the run has in all from here on
    suspect: list[Text]
    provenance: Provenance


class End(msgspec.Struct, frozen=True, kw_only=True, tag="end"):
    """The last line of a run that came to an end."""

    date: Text
    complete: bool
    reason: Text  # "all rounds measured", or why the run stopped


Record = Run | Block | Resumed | End


def append(path: Path, record: msgspec.Struct) -> None:
    """Add one record to the file at `path` and have it on disk when this returns. Raises OSError."""
    with path.open("ab") as file:
        file.write(msgspec.json.encode(record) + b"\n")
        file.flush()
        os.fsync(file.fileno())


def read(path: Path) -> Iterator[Record]:
    """Yield the records of a run. Raises as `lines`."""
    return lines(path, Record)


def first(path: Path) -> Run:
    """Return the first record of a run. Raises OSError, and ValueError where it is none."""
    return msgspec.json.decode(plain_bytes(path).partition(b"\n")[0], type=Run)


def lines(path: Path, kind: Any) -> Iterator[Any]:
    """Yield the records of a file, all of this type; a last line that was cut off by a crash is left out.

    Raises OSError and ValueError where the file can't be read, and msgspec.DecodeError where a line other than the last is no
    record, or holds what no run can have left (`bounds`).
    """
    found = plain_bytes(path).split(b"\n")
    for number, line in enumerate(found):
        if not line:
            continue
        try:
            yield clean(msgspec.json.decode(line, type=kind))
        except msgspec.DecodeError:
            if number < len(found) - 1:
                raise
            return


@contextlib.contextmanager
def readable(path: Path) -> Iterator[None]:
    """Raise RecordsError, with what to do, for whatever shows within the block to be wrong with the records at `path`.

    A ValueError is taken for records that don't fit together, as is a sum that has no result.
    """
    try:
        yield
    except FileNotFoundError:
        raise RecordsError(
            f"no {path.name} in {path.parent}: give the folder of a run, such as results/latest"
        ) from None
    except OSError as error:
        raise RecordsError(f"{path} can't be read ({error.strerror}): give the folder of a run") from error
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise RecordsError(_wrong(path, error)) from error


def _wrong(path: Path, error: Exception) -> str:
    if (other := _format(path)) not in (FORMAT, None):
        return (
            f"{path} has format {other}, this version of tandem reads format {FORMAT}: "
            "use the version of tandem that measured it"
        )
    if isinstance(error, msgspec.DecodeError | RecursionError):
        return f"{path} holds a line that is no record of this version of tandem: {error}"
    return f"{path}: {error}"


def _format(path: Path) -> int | None:
    """Return the format that the first line names, whatever else it holds; None where it names none."""

    class Head(msgspec.Struct):
        format: int | None = None

    with contextlib.suppress(OSError, ValueError, RecursionError):
        return msgspec.json.decode(plain_bytes(path).partition(b"\n")[0], type=Head).format
    return None
