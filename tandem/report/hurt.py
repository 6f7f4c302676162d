"""Hurt: one kind of blocker as a table: who was late on which stack and route, how badly, for how long, and what became of it."""

from __future__ import annotations

from collections.abc import Sequence

from tandem import formats
from tandem.judge.harm import Harm, RouteHarm
from tandem.judge.summary import Summary
from tandem.records.setup import Load
from tandem.report import cells, harmed, sentences
from tandem.report.tables import Cell, Table
from tandem.rules import HEADLINE_TARGET, LATE_MS

ALL = "all routes"


def table(summary: Summary, number: int, load: Load) -> Table:
    """Return who was hurt under one load: each stack as a whole, and below it each of its routes."""
    found = [(m.stack, m.harm) for m in summary.measures if m.scenario == load.scenario and m.harm is not None]
    return Table(
        name=f"hurt-{number}",
        caption=f"{load.scenario}: who was later than {LATE_MS:g} ms, by stack and route{sentences.mark(summary)}",
        columns=[
            "Stack", "Route", "late before", "late while", "late after", "blast radius", "late per blocker", "harm ratio",
            "recovery", "relapses", "blockers completed", "refused", "their p50",
        ],
        rows=[row for stack, harm in found for row in (_stack(stack, harm), *(_route(stack, one) for one in harm.routes))],
    )  # fmt: skip


def _stack(stack: str, harm: Harm) -> list[Cell]:
    late = _late(harm.late, harm.rounds, harm.interval)
    return [
        cells.plain(stack), cells.plain(ALL), *harmed.shares(harm), cells.strong(late), harmed.number(harm.harm_ratio, 2),
        *harmed.course(harm),
    ]  # fmt: skip


def _route(stack: str, one: RouteHarm) -> list[Cell]:
    before, during, after = (each[HEADLINE_TARGET] for each in (one.before, one.during, one.after))
    radius = Cell(text=formats.difference(100 * (during - before), "points"), value=during - before)
    of_all = [Cell(text="", value=None, unit=unit) for unit in ("s", "", "", "", "ms")]  # those of the stack as a whole
    return [
        cells.plain(stack), cells.plain(one.route), *map(cells.share, (before, during, after)), radius,
        _late(one.late, one.rounds, one.interval), harmed.number(one.harm_ratio, 2), *of_all,
    ]  # fmt: skip


def _late(value: float | None, rounds: Sequence[float], interval: tuple[float, float] | None) -> Cell:
    """Return how many, with the 95 % interval, or from the least to the most of the rounds where they are too few for one."""
    late = harmed.number(value)
    if len(rounds) < 2:
        return late
    low, high = interval or (min(rounds), max(rounds))
    what = "95 %" if interval else f"least to most of {formats.count(len(rounds), 'round')}"
    text = f"{round(low, 1) + 0.0:.1f} to {round(high, 1) + 0.0:.1f} ({what})"
    between = Cell(text=text, value=text, kind="small", hidden={"low": low, "high": high})
    return Cell(text=late.text, value=late.value, below={"interval": between})
