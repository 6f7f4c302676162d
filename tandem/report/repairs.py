"""Repairs: "who is hurt, and what to do" as a table: what was measured of each kind of blocker, and what repaired it here."""

from __future__ import annotations

from collections.abc import Sequence

from tandem import formats
from tandem.judge.repair import Outcome, Repair
from tandem.judge.summary import Summary
from tandem.records.setup import Load
from tandem.report import cells
from tandem.report.tables import Cell, Table
from tandem.rules import BAD_POINTS, HEADLINE_TARGET, TARGETS_MS

TARGET = f"{TARGETS_MS[HEADLINE_TARGET]:g} ms"


def table(summary: Summary) -> Table:
    """Return a row per kind and app; none where nothing may be said."""
    loads = {load.scenario: load for load in summary.run.loads}
    return Table(
        name="repairs",
        caption=f"Hurt is a stack where at least {BAD_POINTS} of 100 that came while something blocked took longer than {TARGET} "
        "for that, in each round that counts or by their 95 % interval; no verdicts",
        columns=["When this blocks", "App", "who is hurt", "who is not", "what to do", "rounds"],
        rows=[_row(each, loads[each.scenario]) for each in summary.repairs],
        kind="choose",
    )


def _row(found: Repair, load: Load) -> list[Cell]:
    assert load.blocking is not None
    kind = Cell(text=found.scenario, value=found.scenario, below={"kind": cells.small(found.kind, found.kind)})
    return [
        kind, cells.plain(found.app), cells.plain(_listed(found.hurt)), cells.plain(_listed(found.spared)),
        cells.strong(cells.plain(todo(found, load.blocking.repair))), cells.plain(found.rounds),
    ]  # fmt: skip


def _listed(found: Sequence[Outcome]) -> str:
    return "; ".join(map(_outcome, found)) or "nobody"


def _outcome(one: Outcome) -> str:
    """Say how many were late on a stack, and which, where others were not."""
    of = f" of {formats.listed(one.routes)}" if one.routes and one.state == "hurt" else ""
    low, high = map(_percent, one.interval)
    between = f", {low} to {high}" if low != high else ""
    return f"{one.stack}: {_late(one)} late per blocker{of} ({_percent(one.share)}{between} of all)"


def _late(one: Outcome) -> str:
    return formats.number(None if one.late is None else round(one.late, 1) + 0.0)


def _percent(share: float) -> str:
    """Write a share in tenths of a percent; fewer late than before is nobody."""
    return formats.percent(max(0.0, round(share, 3)))


def todo(found: Repair, repair: str) -> str:
    """Say what to do: what repaired it here with its price, else what helps in the code; nothing where nobody is hurt."""
    said = []
    if found.hurt and found.spared:
        said.append(_repaired(found.hurt[0], found.spared))
    if found.hurt and repair:
        said.append(f"In the code (see docs/blocking.md, not measured here): {repair}")
    if not found.hurt and found.spared:
        said.append("Nothing: nobody is hurt here.")
    said += [f"Of {each.stack} nothing is known: {_unknown(each)}." for each in found.unknown]
    return " ".join(said) or "Nothing that was measured here repairs it."


def _repaired(hurt: Outcome, spared: Sequence[Outcome]) -> str:
    first, *others = spared
    also = f"; so do {formats.listed([each.stack for each in others])}" if others else ""
    return (
        f"{first.stack} ({first.title}) repairs it: {_late(first)} late per blocker instead of {_late(hurt)} on {hurt.stack}, "
        f"{formats.milliseconds(first.cpu_ms)} of CPU per bystander instead of {formats.milliseconds(hurt.cpu_ms)}, "
        f"{formats.mebibytes(first.memory_bytes)} instead of {formats.mebibytes(hurt.memory_bytes)}{also}."
    )


def _unknown(one: Outcome) -> str:
    if one.state == "refused":
        return "it did not complete what blocks, and to refuse that harms nobody"
    if one.state == "late before":
        return "others were late there before anything blocked"
    low, high = map(_percent, one.interval)
    return f"{low} to {high} were late for it"
