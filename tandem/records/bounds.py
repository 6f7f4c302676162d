"""Bounds: what may stand in records, which a stranger may have written: sane numbers, plain files, no control characters.

The types here are checked when a record is read. Beyond them a record is refused in a sentence, before anything is made of it.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Annotated, Any

import msgspec

from tandem.formats import printable

MOST_BYTES = 64 * 1024**2
"""Of a file of records; 1,000 rounds of 9 blocks have a quarter of that."""

MOST_NUMBER = 10**12

Count = Annotated[int, msgspec.Meta(ge=0, le=MOST_NUMBER)]
Whole = Annotated[int, msgspec.Meta(ge=-MOST_NUMBER, le=MOST_NUMBER)]
Amount = Annotated[float, msgspec.Meta(ge=-float(MOST_NUMBER), le=float(MOST_NUMBER))]
SmallCount = Annotated[int, msgspec.Meta(ge=0, le=10_000)]
Seed = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
NotNegative = Annotated[float, msgspec.Meta(ge=0, le=float(MOST_NUMBER))]
Positive = Annotated[float, msgspec.Meta(gt=0, le=float(MOST_NUMBER))]
Text = Annotated[str, msgspec.Meta(max_length=10_000)]
InFlight = Annotated[list[Count], msgspec.Meta(min_length=3, max_length=100)]
SliceTimes = Annotated[list[tuple[Amount, Amount]], msgspec.Meta(max_length=3600)]
SamplesPath = Annotated[str, msgspec.Meta(pattern=r"^samples/[^/:\\]{1,250}$")]
"""A file in the folder `samples` of the run."""


def plain_bytes(path: Path, most: int = MOST_BYTES) -> bytes:
    """Return what a file holds. Raises OSError, and ValueError where it is a link, no regular file, or too large.

    A link could lead anywhere, and a pipe would keep us waiting.
    """
    if path.is_symlink():
        raise ValueError("a link, and not a file of this folder")
    with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode):
            raise ValueError("not a regular file")
        if found.st_size > most:
            raise ValueError(f"larger than {most // 1024**2} MB")
        return file.read(most)


def clean(value: Any) -> Any:
    """Return a record, or a part of it, with every character written out that would steer a terminal or break a page."""
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, list):
        return [clean(each) for each in value]
    if isinstance(value, dict):
        return {clean(key): clean(each) for key, each in value.items()}
    if isinstance(value, msgspec.Struct):
        fields = {name: getattr(value, name) for name in value.__struct_fields__}
        return msgspec.structs.replace(value, **{name: clean(each) for name, each in fields.items()})
    return value
