"""Kinds of blocker: read from the file `lab.toml` of an app's load test; what each field means stands at the top of the file."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Literal

import msgspec

from tandem.errors import TandemError
from tandem.plan import tables

KINDS_FILE = "lab.toml"

BlockingClient = Literal["", "reads slowly", "sends slowly", "hangs up", "stays"]

Holds = Literal["", "threads", "connections", "writer"]

NATIVE = ("native", "gc")
"""Kinds of stall in which nothing of the whole process runs, whatever it has of threads."""

SENDS_SLOWLY: BlockingClient = "sends slowly"
"""The one that no server behind nginx gets to see: nginx hands a request on when all of it is there."""


class Planted(msgspec.Struct, frozen=True, kw_only=True):
    """The line that blocks, as a detector should name it."""

    file: str
    function: str


class Post(msgspec.Struct, frozen=True, kw_only=True):
    """What is sent to a path, as JSON."""

    path: str
    body: dict[str, str]


class Writes(msgspec.Struct, frozen=True, kw_only=True):
    """A small write, and who may do it."""

    log_in: Post
    create: Post


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """One table of a kinds file."""

    title: str
    happens: str = ""
    repair: str = ""
    wrong: str
    right: str = ""
    amount: str
    usual: int
    most: int
    about_ms: float | None = None
    right_ms: float | None = None
    cpu: bool
    planted: Planted | None = None
    stall: str = ""
    holds: Holds = ""
    needed_by: tuple[str, ...] = ()
    part: str = "kinds"
    client: BlockingClient = ""
    per_second: float | None = None
    bystander: str = ""
    writes: Writes | None = None

    @property
    def third(self) -> str:
        """What one in three bystanders asks for, as the load test's option has it; empty where there are but the usual two."""
        return "write" if self.writes else self.bystander

    @property
    def milliseconds(self) -> float:
        """For how long one blocks: what it is asked for, or about as long as that takes."""
        return self.about_ms or float(self.usual)

    @property
    def held(self) -> str:
        """What others need, too, and have not while one blocks, beside the loop or the slot that it stands in."""
        return "process" if self.stall in NATIVE else self.holds

    @property
    def query(self) -> str:
        """How much of it a run asks for."""
        return f"{self.amount}={self.usual}"


Kinds = dict[str, Kind]


def load(load_test: str | Path) -> Kinds:
    """Return the kinds of blocker that a load test, a folder, knows, by name.

    Raises TandemError that names file, kind and field.
    """
    file = Path(load_test) / KINDS_FILE
    rows = tables.read(file, "kinds").items()
    return {name: tables.convert(table, Kind, f"{file}: kind {name!r}") for name, table in rows}


def choose(kinds: Kinds, names: Iterable[str]) -> Kinds:
    """Return these kinds. Raises TandemError for one that isn't known."""
    wanted = list(dict.fromkeys(names))
    for name in wanted:
        if name not in kinds:
            raise TandemError(f"unknown kind {name!r}: known are {', '.join(kinds)}")
    return {name: kinds[name] for name in wanted}
