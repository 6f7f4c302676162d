"""Right: in how many stalls the planted line was named, per kind and stack, and what was said of the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from fnmatch import fnmatch
from itertools import groupby
from typing import NamedTuple

from tandem.records.setup import Blocking, Load
from tandem.records.stalled import Stall
from tandem.report import cells
from tandem.report.lines import Lines, Told
from tandem.report.tables import Cell, Table

LOOP = "loop"
"""What is watched where a line is planted."""


class PlantedLine(NamedTuple):
    """What became of the stalls of a loop on one stack under one load."""

    scenario: str
    stack: str
    blockers: int
    stalls: int
    right: int  # the planted line is named
    suspected: int  # nobody is blamed, and its file suspected
    other: dict[str, int]  # another line is named, by line
    unnamed: dict[str, int]  # nobody is blamed, by kind of stall


def counts(found: Lines, loads: Sequence[Load]) -> Iterator[PlantedLine]:
    """Yield a count for each stack whose loop stood under a load that has a planted line."""
    planted = {
        load.scenario: load.blocking
        for load in loads
        if load.blocking and load.blocking.planted and not load.blocking.control
    }
    told = sorted((each for each in found.told if each.block.scenario in planted), key=_key)
    for (scenario, stack), group in groupby(told, _key):
        blocks = list(group)
        stalls = [
            one.stall for each in blocks for one in each.found if one.stall.watched == LOOP
        ]  # what of slots stands has no planted line
        if stalls:
            yield _count(scenario, stack, blocks, stalls, planted[scenario])


def _key(told: Told) -> tuple[str, str]:
    return told.block.scenario, told.block.stack


def _count(
    scenario: str, stack: str, blocks: Sequence[Told], stalls: Sequence[Stall], blocking: Blocking
) -> PlantedLine:
    named = [stall for stall in stalls if stall.place]
    right = [stall for stall in named if _is_planted(stall, blocking)]
    unnamed = [stall for stall in stalls if not stall.place]
    return PlantedLine(
        scenario=scenario,
        stack=stack,
        blockers=sum(each.block.blocked.blockers for each in blocks if each.block.blocked),
        stalls=len(stalls),
        right=len(right),
        suspected=sum(fnmatch((stall.suspect or "").rpartition(":")[0], file(blocking)) for stall in unnamed),
        other=dict(Counter(stall.place for stall in named if stall not in right)),
        unnamed=dict(Counter(stall.kind for stall in unnamed)),
    )


def _is_planted(stall: Stall, blocking: Blocking) -> bool:
    """Tell whether the line that was seen most stands in the function that blocks."""
    line = stall.lines[0]
    return (
        fnmatch(line.file, file(blocking)) and line.function.rpartition(".")[2] == blocking.planted.rpartition(":")[2]
    )


def file(blocking: Blocking) -> str:
    """Return the pattern of the file of the planted line: each app has its own."""
    return blocking.planted.rpartition(":")[0].replace("{app}", "*")


def table(found: Lines, loads: Sequence[Load]) -> Table:
    """Return them all."""
    return Table(
        name="right-lines",
        caption="The planted line, as stalls/ named it on the loop: right in n of m stalls, and what it said of the others",
        columns=[
            "Scenario",
            "Stack",
            "blockers",
            "right line",
            "its file suspected",
            "another line",
            "nobody is blamed",
        ],
        rows=[_row(each) for each in counts(found, loads)],
    )


def _row(each: PlantedLine) -> list[Cell]:
    right = Cell(text=f"{each.right} of {each.stalls}", value=each.right, hidden={"of": each.stalls})
    return [
        cells.plain(each.scenario), cells.plain(each.stack), cells.plain(each.blockers), cells.strong(right),
        cells.plain(each.suspected), cells.plain(_listed(each.other)), cells.plain(_listed(each.unnamed)),
    ]  # fmt: skip


def _listed(found: dict[str, int]) -> str:
    return ", ".join(f"{name} {number}" for name, number in sorted(found.items())) or "0"
