"""Harmed: what blockers did to everyone else, as tables: by stack, and by route."""

from __future__ import annotations

from collections.abc import Sequence

from tandem import formats
from tandem.judge.control import Beyond
from tandem.judge.measures import Measures
from tandem.judge.summary import Summary
from tandem.records.setup import Load
from tandem.report import cells, sentences
from tandem.report.tables import Cell, Table
from tandem.rules import HEADLINE_TARGET, TARGETS_MS

TARGET = f"{TARGETS_MS[HEADLINE_TARGET]:g} ms"

SPREAD = {"uniform": "at equal distances", "poisson": "at random moments"}
"""How requests that block are spread, in words."""


def driven(load: Load) -> str:
    """Say who blocks, and when; empty where nobody does."""
    blocking = load.blocking
    if blocking is None:
        return ""
    if blocking.control:
        return (
            f" An outside process burns {blocking.milliseconds:g} ms of CPU {blocking.number} times, {blocking.rate:g} a second, "
            "as requests of that kind would: the control."
        )
    return (
        f" {blocking.number} further requests, {blocking.route}, each block for {blocking.milliseconds:g} ms ({blocking.kind}), "
        f"{blocking.rate:g} per second {SPREAD[blocking.arrivals]}: {blocking.before:g} s without them, "
        f"{blocking.on:g} s with them, {blocking.after:g} s without."
    )


def stacks(summary: Summary) -> Table:
    """Return what every stack under every load with blockers did to the others."""
    found = [m for m in summary.measures if m.harm is not None]
    return Table(
        name="harmed",
        caption=f"Late means more than {TARGET}, or no good answer, from when a request was due{sentences.mark(summary)}",
        columns=[
            "Scenario", "Stack", "late per blocker", "predicted", "harm ratio", "late before", "late while", "late after",
            "blast radius", "recovery", "relapses", "blockers completed", "refused", "their p50",
        ],
        rows=[_stack(m) for m in found],
    )  # fmt: skip


def _stack(m: Measures) -> list[Cell]:
    harm = m.harm
    assert harm is not None
    recovery = "longer than observed" if harm.recovery is None else f"{harm.recovery:.1f} s"
    completed = f"{harm.completed} of {harm.blockers}"
    return [
        cells.plain(m.scenario), cells.plain(m.stack), cells.strong(number(harm.late)), number(harm.predicted),
        number(harm.harm_ratio, 2), cells.share(harm.before_share), cells.share(harm.during_share),
        cells.share(harm.after_share), Cell(text=formats.difference(100 * harm.blast_radius, "points"), value=harm.blast_radius),
        Cell(text=recovery, value=harm.recovery, unit="s"), cells.plain(harm.relapses),
        Cell(text=completed, value=harm.completed), cells.plain(harm.refused), cells.milliseconds(harm.blocker_p50_ms),
    ]  # fmt: skip


def routes(summary: Summary) -> Table:
    """Return the same by route of the bystanders, for each target."""
    targets = [f"over {target:g} ms" for target in TARGETS_MS]
    rows = [
        [cells.plain(m.scenario), cells.plain(one.route), cells.plain(m.stack), number(one.late),
         *(cells.share(share) for share in one.during), cells.milliseconds(one.p99_ms), cells.milliseconds(one.max_ms)]
        for m in summary.measures if m.harm is not None
        for one in m.harm.routes
    ]  # fmt: skip
    return Table(
        name="harmed-routes",
        caption=f"The same by route, while blockers came{sentences.mark(summary)}",
        columns=["Scenario", "Route", "Stack", "late per blocker", *targets, "p99", "slowest"],
        rows=rows,
    )


def beyond(found: Sequence[Beyond]) -> Table:
    """Return what of the harm is blocking, and not only a CPU that is taken."""
    return Table(
        name="harmed-beyond",
        caption="Late requests per blocker beyond those of the control, where an outside process burns as much CPU",
        columns=["Scenario", "Stack", "beyond the control", "95 % interval", "rounds"],
        rows=[_beyond(each) for each in found],
    )


def _beyond(each: Beyond) -> list[Cell]:
    low, high = each.interval or (None, None)
    text = formats.NOTHING if low is None or high is None else f"{low:+.1f} to {high:+.1f}"
    return [
        cells.plain(each.scenario), cells.plain(each.stack), cells.strong(number(each.estimate)),
        Cell(text=text, value=text, hidden={"low": low, "high": high}), cells.plain(len(each.differences)),
    ]  # fmt: skip


def prices(summary: Summary) -> Table:
    """Return what each stack pays for how little it harms, what harms least first; for runs of the laboratory alone."""
    found = [m for m in summary.measures if m.harm is not None] if summary.run.profile.startswith("lab-") else []
    titles = {stack.name: stack for stack in summary.run.stacks}
    return Table(
        name="harmed-prices",
        caption="What it costs: harm beside the CPU and memory of app and nginx, while blockers come and go",
        columns=["Scenario", "Stack", "what it is", "late per blocker", "harm ratio", "processes", "threads of each",
                 "CPU per bystander", "memory"],
        rows=[
            [cells.plain(m.scenario), cells.plain(m.stack), cells.plain(titles[m.stack].title), cells.strong(number(m.late)),
             number(m.harm_ratio, 2), cells.plain(titles[m.stack].budget.processes), cells.plain(titles[m.stack].budget.threads),
             cells.milliseconds(m.cpu_ms), Cell(text=formats.mebibytes(m.memory_bytes), value=m.memory_bytes, unit="bytes")]
            for m in sorted(found, key=lambda m: (m.scenario, m.late is None, m.late or 0.0))
        ],
    )  # fmt: skip


def number(value: float | None, digits: int = 1) -> Cell:
    """Return a number with so many digits; next to nothing is nothing."""
    return Cell(text=formats.NOTHING if value is None else f"{round(value, digits) + 0.0:.{digits}f}", value=value)
