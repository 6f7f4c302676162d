"""Repairs: "who is hurt, and what to do" as a table: what was measured of each kind of blocker, and what repaired it here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tandem import formats
from tandem.judge.repair import Outcome, Repair
from tandem.judge.summary import Summary
from tandem.records.setup import Load
from tandem.report import cells
from tandem.report.tables import Cell, Table
from tandem.rules import BAD_POINTS, LATE_MS


def table(summary: Summary) -> Table:
    """Return a row per kind and app; none where nothing may be said."""
    loads = {load.scenario: load for load in summary.run.loads}
    return Table(
        name="repairs",
        caption=f"Hurt is a stack where at least {BAD_POINTS} of 100 that came while something blocked took longer than "
        f"{LATE_MS:g} ms for that, in each round that counts or by their 95 % interval; no verdicts",
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
    many = f"{_percent(one.share)}{between} of all"
    if one.share > 1:  # the queue lasts on when nothing blocks any more
        many = f"{one.share:.1f} for each that came meanwhile, as the queue outlasts the blockers"
    return f"{one.stack}: {_late(one)} late per blocker{of} ({many})"


def _late(one: Outcome) -> str:
    return _number(one.late)


def _number(late: float | None) -> str:
    return formats.number(None if late is None else round(late, 1) + 0.0)


def _percent(share: float) -> str:
    """Write a share in tenths of a percent; fewer late than before is nobody."""
    return formats.percent(max(0.0, round(share, 3)))


def todo(found: Repair, repair: str) -> str:
    """Say what to do: what repaired it here with its price, in the stack and in the code; nothing where nobody is hurt."""
    said = []
    if found.hurt and found.spared:
        said.append(_repaired(found.hurt[0], found.spared))
    if found.hurt and repair:
        said += _in_the_code(found, repair)
    if not found.hurt and found.spared:
        said.append("Nothing: nobody is hurt here.")
    said += [f"Of {each.stack} nothing is known: {_unknown(each)}." for each in found.unknown]
    return " ".join(said) or "Nothing that was measured here repairs it."


def _repaired(hurt: Outcome, spared: Sequence[Outcome]) -> str:
    first, *others = spared
    also = f"; so do {formats.listed([each.stack for each in others])}" if others else ""
    return f"{first.stack} ({first.title}) repairs it: {_instead(first, hurt, f' on {hurt.stack}')}{also}."


def _instead(after: Outcome, before: Outcome, where: str = "") -> str:
    """Say what a repair bought, and its price."""
    return (
        f"{_late(after)} late per blocker instead of {_late(before)}{where}, "
        f"{formats.milliseconds(after.cpu_ms)} of CPU per bystander instead of {formats.milliseconds(before.cpu_ms)}, "
        f"{formats.mebibytes(after.memory_bytes)} instead of {formats.mebibytes(before.memory_bytes)}"
    )


def _in_the_code(found: Repair, repair: str) -> Iterator[str]:
    """Say what helps in the code, and what that bought on each stack that is hurt."""
    right = {each.stack: each for each in found.right}
    yield f"In the code (see docs/blocking.md{'' if right else ', not measured here'}): {repair}"
    for each in found.hurt if right else []:
        yield _bought(each, right.get(each.stack))


def _bought(wrong: Outcome, right: Outcome | None) -> str:
    if right is None:
        return f"On {wrong.stack} that was not measured here."
    if right.state not in ("hurt", "spared"):
        return f"Whether that repairs {wrong.stack} is not known: {_unknown(right)}."
    does = "repairs" if right.state == "spared" else "is not enough for"
    beside = (
        "" if right.control is None else f"; as much CPU burnt beside the stack makes {_number(right.control)} late"
    )
    return f"That {does} {wrong.stack}: {_instead(right, wrong)}{beside}."


def _unknown(one: Outcome) -> str:
    if one.state == "refused":
        return "it did not complete what blocks, and to refuse that harms nobody"
    if one.state == "late before":
        return "others were late there before anything blocked"
    low, high = map(_percent, one.interval)
    return f"{low} to {high} were late for it"
