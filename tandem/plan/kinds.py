"""Kinds of blocker: read from the file `lab.toml` of an app's load test; what each field means stands at the top of the file."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec

from tandem.plan import tables

FILE = "lab.toml"

Client = Literal["", "reads slowly", "hangs up", "stays"]


class Planted(msgspec.Struct, frozen=True, kw_only=True):
    """The line that blocks, as a detector should name it."""

    file: str
    function: str


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """One table of a kinds file."""

    title: str
    happens: str
    wrong: str
    right: str = ""
    amount: str
    usual: int
    most: int
    cpu: bool
    planted: Planted | None = None
    stall: str = ""
    client: Client = ""
    bystander: str = ""


Kinds = dict[str, Kind]


def load(load_test: str | Path) -> Kinds:
    """Return the kinds of blocker that a load test, a folder, knows, by name.

    Raises TandemError that names file, kind and field.
    """
    file = Path(load_test) / FILE
    rows = tables.read(file, "kinds").items()
    return {name: tables.convert(table, Kind, f"{file}: kind {name!r}") for name, table in rows}
