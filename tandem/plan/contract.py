"""The contract of an app, read from its probes file: requests that all its stacks must answer alike, byte for byte.

They go out in the order of the file to a freshly restored database, so that writes among them find the same state everywhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from tandem import formats
from tandem.errors import TandemError
from tandem.plan import tables


class Probe(NamedTuple):
    """One request, as its bytes on the wire will say it.

    Placeholders in header values and body stand for what this stack itself handed out last, in the answer to a probe that
    `teaches` it.
    """

    method: str
    target: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    teaches: tuple[str, ...] = ()

    def __str__(self) -> str:
        headers = "".join(f" [{name}: {formats.shortened(value, 100)}]" for name, value in self.headers)
        return f"{self.method} {formats.shortened(self.target)}" + headers

    @property
    def line(self) -> str:
        """Its method and its target, whole."""
        return f"{self.method} {self.target}"


class Mask(NamedTuple):
    """What must differ between two answers, and what is compared in its place."""

    pattern: re.Pattern[bytes]
    replacement: bytes


class Contract(NamedTuple):
    """What is asked of every stack, and how its answers are read."""

    probes: tuple[Probe, ...]
    masks: tuple[Mask, ...] = ()
    handed_out: Mapping[str, re.Pattern[bytes]] = {}
    """Where the answer to a probe that teaches something holds it: the first group of the pattern."""


class _Row(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One probe with more than a method and a target."""

    request: str
    headers: list[str] = []
    body: str = ""
    teaches: list[str] = []


class _Sequence(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Probes that belong together."""

    title: str
    lab: bool = False
    probes: list[str | _Row]


class _Mask(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pattern: str
    replacement: str


class _Repeat(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    repeat: str
    times: int


class _File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A probes file; what each field means stands at the top of the one that is built in."""

    values: dict[str, str | _Repeat] = {}
    handed_out: dict[str, str] = {}
    masks: list[_Mask] = []
    sequences: list[_Sequence]


def waived(contract: Contract, beginnings: Sequence[str]) -> list[Probe]:
    """Return the probes that begin so, whose answers are not compared. Raises TandemError where none does."""
    for beginning in beginnings:
        if not beginning or not any(probe.line.startswith(beginning) for probe in contract.probes):
            raise TandemError(
                f"no probe begins with {formats.shortened(beginning)!r}: give its method and path, as the refusal shows it"
            )
    return [probe for probe in contract.probes if probe.line.startswith(tuple(beginnings))]


def limited(contract: Contract, routes: Sequence[str]) -> Contract:
    """Return the part of a contract that is about these routes; all of it where none are named."""
    kept = [probe for probe in contract.probes if not routes or probe.target.partition("?")[0] in routes]
    return contract._replace(probes=tuple(kept))


def read(file: Path, users: int, lab: bool = False) -> Contract:
    """Return the contract in this file for a database that was seeded with so many users, and what blocks on purpose with `lab`.

    Raises TandemError that names file and probe.
    """
    found = tables.convert(tables.read(file, "probes"), _File, str(file))
    given = {
        name: value if isinstance(value, str) else value.repeat * value.times for name, value in found.values.items()
    }
    values = {**given, "users": str(users), "next_user": str(users + 1)}
    handed_out = {name: _pattern(pattern, file) for name, pattern in found.handed_out.items()}
    return Contract(
        probes=tuple(_probes([each for each in found.sequences if lab or not each.lab], values, set(handed_out), file)),
        masks=tuple(Mask(_pattern(each.pattern, file), each.replacement.encode()) for each in found.masks),
        handed_out=handed_out,
    )


def _pattern(text: str, file: Path) -> re.Pattern[bytes]:
    try:
        return re.compile(text.encode())
    except re.error as error:
        raise TandemError(f"{file}: {text!r} is not a regular expression: {error}") from error


def _probes(
    sequences: Sequence[_Sequence], values: Mapping[str, str], learnable: set[str], file: Path
) -> Iterator[Probe]:
    """Yield all probes, with values filled in. Raises TandemError where one could not be sent."""
    for sequence in sequences:
        for each in sequence.probes:
            row = _Row(request=each) if isinstance(each, str) else each
            for name in {*row.teaches} - learnable:
                raise TandemError(
                    f"{file}: {row.request!r} teaches {name!r}, and `handed_out` doesn't say where it stands"
                )
            for name in tables.unknown_placeholders([row.request, *row.headers, row.body], {*values, *learnable}):
                raise TandemError(f"{file}: {row.request!r} has the unknown placeholder {{{name}}}")
            yield _probe(row, values, file)


def _probe(row: _Row, values: Mapping[str, str], file: Path) -> Probe:
    method, _, target = tables.fill(row.request, values).partition(" ")
    headers = [tables.fill(tables.fill(each, values), values).partition(": ") for each in row.headers]
    if not target or not all(separator for _, separator, _ in headers):
        raise TandemError(f"{file}: {row.request!r} must be a method and a target, its headers `Name: value`")
    return Probe(
        method, target, tuple((name, value) for name, _, value in headers),
        tables.fill(row.body, values).encode(), tuple(row.teaches),
    )  # fmt: skip
