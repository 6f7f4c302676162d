"""Detectors: who else names the line that holds a loop, from a measurement that the project keeps beside its documents.

`docs/measurements/stalls.py` makes it. It is no part of any run, and an installed package has none.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from tandem import formats
from tandem.paths import PROJECT
from tandem.report import cells
from tandem.report.tables import Cell, Table

MEASURED_FILE = PROJECT / "docs" / "measurements" / "stalls.json"
NOTHING_HELD = "nothing held"
"""The kind in which nothing held the loop: whatever is caught there is a false alarm."""


class CostRatio(msgspec.Struct, frozen=True, kw_only=True):
    """With a detector ÷ without one in the same round: the Hodges–Lehmann estimate and its exact 95 % interval."""

    estimate: float
    low: float | None  # None: the rounds are too few
    high: float | None


class Detected(msgspec.Struct, frozen=True, kw_only=True):
    """What a detector said of one kind on one event loop."""

    detector: str
    loop: str
    kind: str
    planted: bool  # whether there is a single line to name
    turns: int
    caught: int
    right: int  # the planted line is named
    suspected: int  # nobody is blamed, and the planted line suspected


class Cost(msgspec.Struct, frozen=True, kw_only=True):
    """What a detector cost the app: medians over the rounds, and ratios within them."""

    detector: str
    loop: str
    cpu_us: float  # per request
    cpu: CostRatio | None  # None: it is the app without any
    p99_ms: float
    p99: CostRatio | None


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """The whole measurement."""

    date: str
    commit: str | None
    python: str
    machine: str
    versions: dict[str, str]  # of detectors and uvloop, without those that are of this commit or this Python
    missing: list[str]  # detectors that were not installed
    threshold_ms: float
    rate: float  # requests per second while the cost was measured
    rounds: int  # of that
    found: list[Detected]
    costs: list[Cost]


class DetectorSection(NamedTuple):
    """What the report shows of it."""

    said: str
    tables: list[Table]


def section() -> DetectorSection | None:
    """Return it; None where there is nothing, or nothing that this version can read."""
    try:
        kept = msgspec.json.decode(MEASURED_FILE.read_bytes(), type=Kept)
    except (OSError, msgspec.DecodeError):
        return None
    return DetectorSection(said(kept), [table(kept), kinds(kept)])


def said(kept: Kept) -> str:
    """Say when and with what it was measured, how it was counted, and what is missing."""
    versions = formats.listed([kept.python, *(f"{name} {version}" for name, version in kept.versions.items())])
    commit = f" at commit {kept.commit[:12]}" if kept.commit else ""
    missing = f" Not installed then: {formats.listed(kept.missing)}." if kept.missing else ""
    return (
        f"Measured on {kept.date}{commit} with {versions}, on {kept.machine}. stalls is right where it names the planted line "
        f"first, the others are where it stands anywhere in what they report; what can be told a threshold was told "
        f"{kept.threshold_ms:g} ms.{missing}"
    )


def table(kept: Kept) -> Table:
    """Return a row for each detector on each event loop: what it found in all kinds together, and what it cost."""
    found: dict[tuple[str, str], list[Detected]] = {(each.detector, each.loop): [] for each in kept.costs}
    for each in kept.found:
        found.setdefault((each.detector, each.loop), []).append(each)
    costs = {(each.detector, each.loop): each for each in kept.costs}
    return Table(
        name="detectors",
        caption=(
            "Who names the line that holds a loop: the right line in n of m stalls that have one; caught of all stalls; false "
            f"alarms where nothing held it. Cost at {kept.rate:g} reads a second, and ÷ that without one, of {kept.rounds} rounds"
        ),
        columns=[
            "Detector", "Loop", "right line", "suspected", "caught", "false alarms", "CPU per read", "CPU ÷ without", "p99",
            "p99 ÷ without",
        ],
        rows=[
            [cells.plain(detector), cells.plain(loop), *_counts(group), *_costs(costs.get((detector, loop)))]
            for (detector, loop), group in found.items()
        ],
    )  # fmt: skip


def _counts(found: Sequence[Detected]) -> list[Cell]:
    if not found:
        return [cells.plain(formats.NOTHING)] * 4
    planted, free = [each for each in found if each.planted], [each for each in found if each.kind == NOTHING_HELD]
    held = [each for each in found if each.kind != NOTHING_HELD]
    return [
        cells.strong(_of([each.right for each in planted], planted)),
        cells.plain(sum(each.suspected for each in planted)),
        _of([each.caught for each in held], held),
        _of([each.caught for each in free], free),
    ]


def _of(numbers: Sequence[int], among: Sequence[Detected]) -> Cell:
    turns = sum(each.turns for each in among)
    return Cell(text=f"{sum(numbers)} of {turns}", value=sum(numbers), hidden={"of": turns})


def _costs(cost: Cost | None) -> list[Cell]:
    if cost is None:
        return [cells.plain(formats.NOTHING)] * 4
    cpu = Cell(text=f"{cost.cpu_us:.0f} µs", value=cost.cpu_us, unit="µs")
    return [cpu, _ratio(cost.cpu), cells.milliseconds(cost.p99_ms), _ratio(cost.p99)]


def _ratio(ratio: CostRatio | None) -> Cell:
    if ratio is None:
        return cells.plain(formats.NOTHING)
    text = f"{formats.times(ratio.estimate)} ({formats.bounds(ratio.low, ratio.high)})"
    return Cell(text=text, value=ratio.estimate, hidden={"low": ratio.low, "high": ratio.high})


def kinds(kept: Kept) -> Table:
    """Return a row for each kind: what each detector said of it, on all event loops."""
    detectors = list(dict.fromkeys(each.detector for each in kept.found))
    loops = list(dict.fromkeys(each.loop for each in kept.found))
    found: dict[str, dict[str, list[Detected]]] = {}
    for each in kept.found:
        found.setdefault(each.kind, {name: [] for name in detectors})[each.detector].append(each)
    return Table(
        name="detectors-by-kind",
        caption=(
            f"The right line in n of m stalls, by kind, on {' / '.join(loops)} (once where both are alike); in brackets how many "
            "were caught where there is no single line to name"
        ),
        columns=["Kind", *detectors],
        rows=[[cells.plain(kind), *map(_on_loops, of_detectors.values())] for kind, of_detectors in found.items()],
    )


def _on_loops(found: Sequence[Detected]) -> Cell:
    hidden = {
        f"{name} on {each.loop}": value
        for each in found
        for name, value in (("right", each.right), ("suspected", each.suspected), ("caught", each.caught), ("of", each.turns))
    }  # fmt: skip
    text = " / ".join(dict.fromkeys(_told(each) for each in found))
    return Cell(text=text or formats.NOTHING, value=text, hidden=hidden)


def _told(each: Detected) -> str:
    if not each.planted:
        return f"({each.caught} of {each.turns})"
    without = each.caught - each.right - each.suspected
    more = [f"{number} {what}" for number, what in ((each.suspected, "suspected"), (without, "without it")) if number]
    return ", ".join([f"{each.right} of {each.turns}", *more])
