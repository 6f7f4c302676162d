"""Dose and response: the share of bystanders that misses the target, by blockers per second, beside what queueing expects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import altair as alt

from tandem import formats
from tandem.judge import dose
from tandem.judge.measures import Measures
from tandem.judge.summary import Summary
from tandem.records.setup import Load
from tandem.report import cells, pictures, theme
from tandem.report.pictures import WIDTH, Chart, ChartRow
from tandem.report.tables import Table
from tandem.rules import LATE_MS

LEAST = 0.001
"""The share that stands for none where the scale is logarithmic."""

POINTS = 48
"""Points of a line."""


class Point(NamedTuple):
    """What one dose did on one stack."""

    load: Load
    measures: Measures
    share: float  # of the bystanders that missed while blockers came, beyond those that did before
    expected: float  # by queueing, of this stack and blockers that come as these did, in the long run


def points(summary: Summary) -> list[Point]:
    """Return the doses of a sweep; none where no kind was sent at several rates."""
    swept: dict[str, set[float]] = {}
    for load in summary.run.loads:
        if load.blocking and load.blocking.row and not load.blocking.control:
            swept.setdefault(load.blocking.row, set()).add(load.blocking.rate)
    loads = {
        each.scenario: each for each in summary.run.loads if each.blocking and len(swept.get(each.blocking.row, ())) > 2
    }
    return [_point(loads[m.scenario], m) for m in summary.measures if m.scenario in loads and m.harm is not None]


def _point(load: Load, m: Measures) -> Point:
    assert load.blocking is not None
    assert m.harm is not None
    return Point(load, m, max(0.0, m.harm.blast_radius), _expected(load, m, load.blocking.rate))


def _expected(load: Load, m: Measures, rate: float) -> float:
    """Return what queueing expects of a stack under as many blockers per second as this, which are else those of the load."""
    assert load.blocking is not None
    assert m.harm is not None
    seconds, used = load.blocking.milliseconds / 1000, min(0.9, load.rate * (m.app_cpu_ms or 0.0) / 1000)
    spread, queues, places = load.blocking.arrivals, m.harm.queues, m.harm.places
    return dose.expected(spread, rate, seconds, LATE_MS / 1000, used, queues, places)


def table(found: Sequence[Point]) -> Table:
    """Return every dose."""
    return Table(
        name="dose",
        caption=f"Share of bystanders over {LATE_MS:g} ms while blockers came, beyond that of before, by dose",
        columns=["Scenario", "Stack", "per second", "each", "missed", "expected"],
        rows=[
            [cells.plain(each.load.scenario), cells.plain(each.measures.stack),
             cells.per_second(each.load.blocking.rate if each.load.blocking else None),
             cells.milliseconds(each.load.blocking.milliseconds if each.load.blocking else None),
             cells.strong(cells.share(each.share)), cells.share(each.expected)]
            for each in found
        ],
    )  # fmt: skip


SHAPES_OF_LINES = {
    "poisson": "at random: slope 1 for one loop, the number of its slots for a shared pool, better by far at a low dose until it "
    "falls off a cliff. Beyond it a line says what comes of it in the long run, measured are seconds that begin with free slots",
    "uniform": "evenly spaced: slope 1 for one loop, nothing for a shared pool until it is full, and everything from then on",
}
"""What queueing expects, by how blockers are spread."""


def draw(summary: Summary) -> Chart | None:
    """Draw them, both scales logarithmic, a panel for each duration; None where there is no sweep."""
    found = points(summary)
    if not found:
        return None
    assert found[0].load.blocking is not None
    shape = SHAPES_OF_LINES[found[0].load.blocking.arrivals]
    lengths = sorted({each.load.blocking.milliseconds for each in found if each.load.blocking})
    said = (
        f"The share of bystanders that took longer than {LATE_MS:g} ms, by blockers per second; both scales logarithmic. Points "
        f"are measured, lines are what queueing expects of blockers that come {shape}. What is below 0.1 % stands at 0.1 %. "
    ) + "; ".join(f"{each.load.scenario} on {each.measures.stack} {formats.percent(each.share)}" for each in found)
    panels = [_panel(summary, [each for each in found if _length(each) == length], length) for length in lengths]
    return pictures.chart("dose", alt.vconcat(*panels, spacing=14), said, table(found))


def _length(point: Point) -> float:
    assert point.load.blocking is not None
    return point.load.blocking.milliseconds


def _panel(summary: Summary, found: Sequence[Point], length: float) -> Any:
    rates = sorted({each.load.blocking.rate for each in found if each.load.blocking})
    x = alt.X("rate:Q", scale=alt.Scale(type="log", domain=[rates[0], rates[-1]]), title=f"blockers of {length:g} ms per second",
              axis=alt.Axis(values=rates, format="~g"))  # fmt: skip
    y = alt.Y(
        "share:Q",
        scale=alt.Scale(type="log", domain=[LEAST, 1]),
        title="missed",
        axis=alt.Axis(format="~%", tickCount=4),
    )
    layers = []
    for name in dict.fromkeys(each.measures.stack for each in found):
        colour, mark, dash = theme.styles(summary.run)[name]
        mine = [each for each in found if each.measures.stack == name]
        rows = [
            {"rate": each.load.blocking.rate, "share": max(LEAST, each.share)} for each in mine if each.load.blocking
        ]
        lines = alt.Chart(alt.InlineData(values=_line(mine[0], rates)), width=WIDTH - 60, height=150)
        layers.append(lines.mark_line(color=colour, strokeDash=dash, strokeWidth=1.5).encode(x=x, y=y))
        last = alt.Chart(alt.InlineData(values=[{**rows[-1], "stack": name}]))
        named = last.mark_text(align="right", dx=-8, dy=-8, color=theme.INK, fontSize=11).encode(
            x=x, y=y, text="stack:N"
        )
        layers.append(named)
        dots = alt.Chart(alt.InlineData(values=rows))
        layers.append(dots.mark_point(filled=True, size=60, color=colour, shape=mark).encode(x=x, y=y))
    return alt.layer(*layers)


def _line(first: Point, rates: Sequence[float]) -> list[ChartRow]:
    """Return what queueing expects between the lowest and the highest rate."""
    steps = [rates[0] * (rates[-1] / rates[0]) ** (step / POINTS) for step in range(POINTS + 1)]
    shares = [_expected(first.load, first.measures, rate) for rate in steps]
    return [
        {"rate": round(rate, 4), "share": round(max(LEAST, share), 5)}
        for rate, share in zip(steps, shares, strict=True)
    ]
