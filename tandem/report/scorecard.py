"""Scorecard: what every stack did under every scenario, and what follows for a choice. The columns are the metrics' rows."""

from __future__ import annotations

from tandem import formats
from tandem.judge.measures import Measures
from tandem.judge.metrics import METRICS, Metric
from tandem.judge.summary import Summary
from tandem.judge.verdict import Ratio
from tandem.records.setup import Load, Stack
from tandem.report import cells, sentences, theme, wording
from tandem.report.advice import advised
from tandem.report.tables import Cell, Table
from tandem.report.wording import Percentile

TAILS: dict[str | None, dict[str, Percentile]] = {"p50": {"p90": "p90"}, "p99": {"p99.9": "p999"}}
"""The further percentiles that stand below a judged one, by title."""


def advice(summary: Summary) -> Table:
    """Return "Which should I choose?", with a link from each answer to its evidence."""
    places = {load.scenario: number for number, load in enumerate(summary.run.loads, 1)}
    rows = [
        [cells.plain(row.situation), cells.strong(cells.plain(row.choice)),
         Cell(text=row.why, value=row.why, link=("evidence", f"#score-{places[row.scenario]}"))]
        for row in advised(summary)
    ]  # fmt: skip
    return Table(
        name="advice", caption="Computed from the verdicts of the headline comparisons of this run", rows=rows, kind="choose",
        columns=["If your application is …", "choose", "because"],
    )  # fmt: skip


def scorecard(summary: Summary, load: Load) -> Table:
    """Return the absolute values of every stack and, below each, how it stands to the baseline."""
    found = [m for m in summary.measures if m.scenario == load.scenario]
    rounds = formats.count(len(found[0].rounds), "round") if found else "no stack"
    return Table(
        name=f"scorecard-{load.scenario}",
        caption=f"{load.scenario}: {rounds}{sentences.mark(summary)}",
        columns=["Stack", *([] if load.saturates else ["good answers"]), *(metric.title for metric in _metrics(load))],
        rows=[_row(summary, load, m) for m in found],
        kind="score",
    )


def _row(summary: Summary, load: Load, m: Measures) -> list[Cell]:
    own = {c.metric: c for c in summary.comparisons if (c.scenario, c.stack) == (m.scenario, m.stack)}
    stack = next(stack for stack in summary.run.stacks if stack.name == m.stack)
    return [
        _name(summary, stack),
        *([] if load.saturates else [_answered(load, m)]),
        *(_value(m, metric, own.get(metric.key)) for metric in _metrics(load)),
    ]


def _metrics(load: Load) -> list[Metric]:
    return [metric for metric in METRICS.values() if metric.applies(load)]


def _answered(load: Load, m: Measures) -> Cell:
    offered = cells.small(f"of {formats.offered([load.rate])}", load.rate, "1/s")
    return Cell(text=formats.per_second(m.rate), value=m.rate, unit="1/s", below={"offered": offered})


def _name(summary: Summary, stack: Stack) -> Cell:
    role = "baseline" if stack.name == summary.run.baseline else "decoy" if stack.decoy_of else stack.title
    colour = theme.variable(theme.styles(summary.run)[stack.name][0])
    return Cell(text=stack.name, value=stack.name, kind="name", dot=colour, below={"is": cells.small(role, role)})


def _value(m: Measures, metric: Metric, c: Ratio | None) -> Cell:
    """Return a value of a metric; below it what it is made of, how it stands to the baseline, and the verdict."""
    below = {
        part.name: cells.small(f"{part.name} {part.show(getattr(m, part.field))}", getattr(m, part.field), part.unit)
        for part in metric.parts
    }
    for title, name in TAILS.get(metric.pooled, {}).items():
        value = wording.known(m.pooled, name) if m.pooled else None
        below[title] = cells.small(f"{title} {wording.percentile(m, name)}", value, "ms")
    if c is not None and c.beyond:
        below["judged"] = cells.small("judged beyond its control", c.beyond)
    if c is not None and c.estimate is not None:
        below[metric.compared] = cells.with_interval(c)
    if c is not None:
        below["verdict"] = cells.verdict(c)
    if c is not None and c.floor is not None and wording.floor(c):
        below["floor"] = cells.floor(c, c.floor)
    return Cell(
        text=wording.absolute(m, metric),
        value=wording.value(m, metric),
        unit=metric.unit if metric.compared == "ratio" else "share",
        below=below,
    )


def routes(summary: Summary, scenario: str) -> Table:
    """Return what each route of a scenario got of every stack, by route, stacks in the order of the run."""
    order = [stack.name for stack in summary.run.stacks]
    found = sorted(
        (one for one in summary.routes if one.scenario == scenario), key=lambda one: (one.route, order.index(one.stack))
    )
    rows = [
        [cells.plain(one.route), cells.plain(one.stack), cells.plain(one.pooled.samples), cells.share(one.failed_share),
         cells.percentile(one.pooled, "p50"), cells.percentile(one.pooled, "p99")]
        for one in found
    ]  # fmt: skip
    return Table(
        name=f"routes-{scenario}",
        caption=f"{scenario}: what each route got of each stack, over all arrivals of these rounds together; no verdicts"
        f"{sentences.mark(summary)}",
        columns=["Route", "Stack", "arrivals", "without a good answer", "p50", "p99"],
        rows=rows,
    )


def exploratory(summary: Summary) -> Table:
    """Return what was not fixed in advance as a headline."""
    rows = [
        [cells.plain(c.scenario), cells.plain(wording.titled(c)), cells.plain(c.stack), cells.effect(c, c.estimate),
         cells.interval(c)]
        for c in summary.comparisons
        if c.kind == "exploratory" and c.estimate is not None
    ]  # fmt: skip
    return Table(
        name="exploratory",
        caption="Ratios and differences that were not fixed in advance as headlines, with 95 % intervals",
        columns=["Scenario", "Metric", "Stack", "Ratio or difference", "Interval"],
        rows=rows,
    )


def waiting(summary: Summary) -> Table:
    """Return what arithmetic predicts for scenarios that wait, beside what was measured."""
    rows = [
        [cells.plain(p.scenario), cells.plain(p.stack), cells.plain(p.waiting), cells.plain(p.limit),
         cells.milliseconds(p.cpu_ms), cells.per_second(p.capacity),
         Cell(text=formats.offered([p.rate]), value=p.rate, unit="1/s"), cells.strong(cells.per_second(p.measured_rate)),
         Cell(text=wording.expected(p), value=p.p50_ms, unit="ms", hidden={"at most": p.p50_most_ms}),
         cells.strong(cells.milliseconds(p.measured_p50_ms))]
        for p in summary.predictions
    ]  # fmt: skip
    return Table(
        name="waiting",
        caption="Predicted and measured, per stack",
        columns=["Scenario", "Stack", "can wait at once", "limited by", "CPU per request", "arithmetic allows", "offered",
                 "good answers", "predicted p50", "measured p50"],
        rows=rows,
    )  # fmt: skip
