"""Harmed: what blockers did to everyone else, as tables: by stack, and by route."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tandem import formats
from tandem.judge.control import Beyond
from tandem.judge.deviation import Deviation, Explanation, Why
from tandem.judge.harm import Harm, RouteHarm
from tandem.judge.measures import Measures
from tandem.judge.summary import Summary
from tandem.records.setup import Load
from tandem.report import cells, sentences, wording
from tandem.report.tables import Cell, Table
from tandem.rules import LATE_MS, TARGETS_MS, shown

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
    deviations = {(each.scenario, each.stack): each for each in summary.deviations}
    return Table(
        name="harmed",
        caption=f"Late means more than {LATE_MS:g} ms, or no good answer, from when a request was due{sentences.mark(summary)}",
        columns=[
            "Scenario", "Stack", "late per blocker", "predicted", "difference", "harm ratio", "b·D ÷ places", "late before",
            "late while", "late after", "blast radius", "recovery", "relapses", "blockers completed", "refused", "their p50",
        ],
        rows=[
            [cells.plain(m.scenario), cells.plain(m.stack), *_stack(m.harm, deviations[m.scenario, m.stack])]
            for m in summary.measures if m.harm is not None
        ],
    )  # fmt: skip


def _stack(harm: Harm, deviation: Deviation) -> list[Cell]:
    return [
        cells.strong(number(harm.late)), number(harm.predicted), _difference(deviation), number(harm.harm_ratio, 2),
        number(deviation.fill, 2), *shares(harm), *course(harm),
    ]  # fmt: skip


def shares(harm: Harm) -> list[Cell]:
    """Return the share of misses before, while and after, and by how much it grew."""
    radius = Cell(text=formats.difference(100 * harm.blast_radius, "points"), value=harm.blast_radius)
    return [*map(cells.share, (harm.before_share, harm.during_share, harm.after_share)), radius]


def course(harm: Harm) -> list[Cell]:
    """Return how long it lasted, and what became of the blockers."""
    recovery = "longer than observed" if harm.recovery is None else f"{harm.recovery:.1f} s"
    completed = f"{harm.completed} of {harm.blockers}"
    return [
        Cell(text=recovery, value=harm.recovery, unit="s"), cells.plain(harm.relapses),
        Cell(text=completed, value=harm.completed), cells.plain(harm.refused),
        percentile("p50", harm.blocker_p50_ms, harm.completed),
    ]  # fmt: skip


def percentile(name: str, value: float | None, samples: int) -> Cell:
    """Return the median of the rounds' percentiles, where all their samples together are enough for one."""
    return cells.milliseconds(value if shown(name, samples) else None)


def _difference(found: Deviation) -> Cell:
    """Return what was measured less what is predicted, and below it why, where that is much."""
    if found.difference is None:
        return Cell(text=formats.NOTHING, value=None)
    part = "" if found.share is None else f" ({round(100 * found.share) + 0:+d} %)".replace("+0 %", "0 %")
    why = "; ".join(WHY[each.code](each) for each in found.reasons) if found.explained else "not explained"
    below = {"why": cells.small(why, why)} if why else {}
    return Cell(
        text=f"{round(found.difference, 1) + 0.0:+.1f}{part}", value=found.difference, below=below,
        hidden={"share of the prediction": found.share},
    )  # fmt: skip


WHY: dict[Explanation, Callable[[Why], str]] = {
    "small": lambda why: f"no more than δ, {why.expected:.1f} requests",
    "blockers": lambda why: f"what blocks took {formats.milliseconds(why.value)} and not {why.expected:g} ms",
    "not completed": lambda why: f"{why.value:.0f} of {why.expected:.0f} blockers were completed",
    "control": lambda why: f"as much CPU burnt outside already makes {why.value:.1f} late",
    "steal": lambda why: f"the hypervisor took {formats.percent(round(why.value, 3))} of the time",
    "busy": lambda why: (
        f"the CPUs were {formats.percent(round(why.value, 2))} busy, so bystanders queue behind each other"
    ),
}
"""What explains a difference, by its code."""


def routes(summary: Summary) -> Table:
    """Return the same by route of the bystanders and phase, for each target."""
    return Table(
        name="harmed-routes",
        caption=f"The same by route, before, while and after blockers came{sentences.mark(summary)}",
        columns=["Scenario", "Route", "Stack", "Phase", "arrivals", *(f"over {target:g} ms" for target in TARGETS_MS), "p50",
                 "p99", "slowest"],
        rows=[
            _phase(m, one, place) for m in summary.measures if m.harm is not None for one in m.harm.routes for place in range(3)
        ],
    )  # fmt: skip


def _phase(m: Measures, one: RouteHarm, place: int) -> list[Cell]:
    seen, missed = one.times[place], (one.before, one.during, one.after)[place]
    return [
        cells.plain(m.scenario), cells.plain(one.route), cells.plain(m.stack), cells.plain(wording.PHASES[place]),
        cells.plain(seen.arrivals), *map(cells.share, missed), percentile("p50", seen.p50_ms, seen.arrivals),
        percentile("p99", seen.p99_ms, seen.arrivals), cells.milliseconds(seen.max_ms),
    ]  # fmt: skip


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
    found = [m for m in summary.measures if m.harm is not None] if summary.run.laboratory else []
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
