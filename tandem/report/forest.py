"""Forest: every judged ratio as a point with the interval that decided, around the band of no practical difference."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt

from tandem.judge.metrics import METRICS
from tandem.judge.summary import Summary
from tandem.judge.verdict import Ratio
from tandem.report import cells, pictures, theme, wording
from tandem.report.pictures import MARGIN, Chart, ChartRow
from tandem.report.tables import Table

TICKS = (0.05, 0.1, 0.2, 0.33, 0.5, 0.67, 0.8, 1, 1.25, 1.5, 2, 3, 5, 10, 20)
PLOT = 300
STEP, GAP = 18, 8  # of the rows, in pixels


def forests(summary: Summary) -> list[Chart]:
    """Return a chart of all judged ratios, and one for each unit of judged differences: they share no scale."""
    shown = [c for c in summary.comparisons if c.kind != "exploratory" and c.estimate is not None]
    groups: dict[str, list[Ratio]] = {}
    for c in shown:
        metric = METRICS[c.metric]
        groups.setdefault("ratio" if metric.compared == "ratio" else metric.unit, []).append(c)
    return [_forest(summary, unit, found, place) for place, (unit, found) in enumerate(groups.items(), 1)]


def _forest(summary: Summary, unit: str, shown: Sequence[Ratio], place: int) -> Chart:
    baseline = summary.run.baseline
    kind = "Ratio" if unit == "ratio" else "Difference"
    what, name = ("Ratios", "ratios") if unit == "ratio" else (f"Differences in {unit}", f"differences-{place}")
    rows = _rows(shown)
    table = Table(
        name=name,
        caption=f"{what} to {baseline} with their intervals",
        columns=["Scenario", "Metric", "Stack", kind, "Interval", "Confidence", "δ", "Verdict"],
        rows=[[cells.plain(c.scenario), cells.plain(wording.titled(c)), cells.plain(c.stack), cells.effect(c, c.estimate),
               cells.interval(c), cells.plain(wording.level(c)), cells.plain(wording.delta(c)), cells.verdict(c)]
              for c in shown],
    )  # fmt: skip
    said = (
        "Each point is a {}, its line the interval that decided, the shaded band what makes no practical difference. "
    )
    return pictures.chart(
        None, _layers(summary, unit, shown, rows),
        said.format(kind.lower()) + "; ".join(f"{row['of']}: {row['text']}" for row in rows),
        table,
    )  # fmt: skip


def _axis(
    summary: Summary, unit: str, shown: Sequence[Ratio], rows: Sequence[ChartRow]
) -> tuple[alt.Scale, alt.Axis, str]:
    """Return scale, ticks and title: a log scale around 1 for ratios, a linear one around 0 for differences."""
    ends = [row[name] for row in rows for name in ("low", "high", "band_low", "band_high")]
    where = wording.better_where(METRICS[c.metric] for c in shown)
    baseline = summary.run.baseline
    if unit != "ratio":
        room = 0.05 * (max(ends) - min(ends))
        scale = alt.Scale(domain=[min(ends) - room, max(ends) + room], nice=False)
        return scale, alt.Axis(tickCount=6), f"difference to {baseline} in {unit} – {where}"
    low, high = 0.95 * min(ends), 1.05 * max(ends)
    axis = alt.Axis(values=[t for t in TICKS if low <= t <= high], labelExpr="format(datum.value, '~g') + '×'")
    return alt.Scale(type="log", domain=[low, high], nice=False), axis, f"ratio to {baseline} (log scale) – {where}"


def _layers(summary: Summary, unit: str, shown: Sequence[Ratio], rows: list[ChartRow]) -> Any:
    scale, axis, title = _axis(summary, unit, shown, rows)

    def x(field: str) -> alt.X:
        return alt.X(f"{field}:Q", scale=scale, axis=axis, title=title)

    def y(field: str) -> alt.Y:
        return alt.Y(f"{field}:Q", scale=None, axis=None)

    chart = alt.Chart(alt.InlineData(values=rows), width=PLOT, height=rows[-1]["bottom"])
    colour, shape, _ = pictures.scales(summary.run, [row["stack"] for row in rows])
    named = alt.Chart(alt.InlineData(values=[row for row in rows if row["first"]]))
    none = METRICS[shown[0].metric].none
    return alt.layer(
        chart.mark_bar(color=theme.BAND).encode(x=x("band_low"), x2="band_high:Q", y=y("top"), y2=alt.Y2("bottom:Q")),
        chart.mark_rule(color=theme.MUTED, strokeDash=[3, 3]).encode(x=alt.datum(none, scale=scale, axis=axis)),
        chart.mark_rule(strokeWidth=2.5).encode(x=x("low"), x2=alt.X2("high:Q"), y=y("place"), color=colour),
        chart.mark_point(filled=True, size=50, opacity=1).encode(x=x("effect"), y=y("place"), color=colour, shape=shape),
        chart.mark_text(align="left", fontSize=11, color=theme.INK).encode(
            x=alt.value(PLOT + MARGIN), y=y("place"), text="text:N"),
        named.mark_text(align="right", fontSize=11, color=theme.INK).encode(x=alt.value(-MARGIN), y=y("middle"), text="of:N"),
    )  # fmt: skip


def _rows(shown: Sequence[Ratio]) -> list[ChartRow]:
    """Return a row per ratio with its place in pixels: the stacks of one headline together, a gap before the next."""
    rows: list[ChartRow] = []
    top = 0
    for key in dict.fromkeys((c.scenario, c.metric) for c in shown):
        group = [c for c in shown if (c.scenario, c.metric) == key]
        bottom = top + STEP * len(group)
        for index, c in enumerate(group):
            rows.append({
                "of": wording.subject(c), "stack": c.stack, **_reach(c), "first": index == 0,
                "text": f"{c.stack}  {wording.effect(METRICS[c.metric], c.estimate)}  {c.verdict}",
                "top": top, "bottom": bottom, "middle": (top + bottom) / 2, "place": top + STEP * (index + 0.5),
            })  # fmt: skip
        top = bottom + GAP
    return rows


def _reach(c: Ratio) -> ChartRow:
    """Return how far a ratio's line and band reach; where no interval decided there is but a point."""
    metric, found = METRICS[c.metric].within(c.delta), c.decided_by
    return {
        "effect": c.estimate,
        "low": found.low if found else c.estimate,
        "high": found.high if found else c.estimate,
        "band_low": metric.restore(-metric.band),
        "band_high": metric.restore(metric.band),
    }
