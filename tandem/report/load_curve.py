"""Load curve: response times against the rate that was offered, with the service level across it."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from typing import Any

import altair as alt

from tandem import formats
from tandem.judge.capacity import Capacities, Capacity
from tandem.records.capacity import Level
from tandem.report import pictures, theme
from tandem.report.pictures import WIDTH, Chart, ChartRow
from tandem.report.tables import Table
from tandem.rules import shown

HEIGHT = 260
PERCENTILES = {"p99_ms": "p99", "p50_ms": "p50"}


def draw(found: Capacities, level: Level, table: Table) -> Chart | None:
    """Draw p99, and thinner p50, of each stack over the offered rate; a dot is a try, a line runs through the medians."""
    mine = [one for one in found.found if one.scenario == level.scenario]
    dots = [row for one in mine for row in _dots(one)]
    if not dots:
        return None
    lines = [row for one in mine for row in _lines(one)]
    rates, values = [row["rate"] for row in dots], [*(row["ms"] for row in dots), level.target_ms]
    ticks = [m * 10.0**e for e in range(6) for m in (1, 2, 3, 5, 7)]
    times = _axis([m * 10.0**e for e in range(-1, 6) for m in (1, 2, 5)], values, " ms")
    x = alt.X(
        "rate:Q", title="offered, arrivals per second (log scale)", axis=_axis(ticks, rates, ""),
        scale=alt.Scale(type="log", domain=[0.95 * min(rates), 1.05 * max(rates)], nice=False),
    )  # fmt: skip
    y = alt.Y(
        "ms:Q", title="response time (log scale)", axis=times,
        scale=alt.Scale(type="log", domain=[0.9 * min(values), 1.1 * max(values)], nice=False),
    )  # fmt: skip
    colour, shape, _ = pictures.scales(found.run, [one.stack for one in mine])
    base, through = (alt.Chart(alt.InlineData(values=rows), width=WIDTH - 60, height=HEIGHT) for rows in (dots, lines))
    width = alt.StrokeWidth("of:N", scale=alt.Scale(domain=list(PERCENTILES.values()), range=[2.2, 0.9]), legend=None)
    group = alt.Detail("of:N")
    layers = alt.layer(
        base.mark_rule(color=theme.INK, strokeDash=[5, 3]).encode(y=alt.datum(level.target_ms, scale=y["scale"])),
        through.mark_line(clip=True).encode(x=x, y=y, color=colour, strokeWidth=width, detail=group),
        base.transform_filter("datum.of == 'p99'").mark_point(filled=True, size=40, opacity=0.8)
        .encode(x=x, y=y, color=colour, shape=shape),
        _names(mine, colour),
    ).resolve_scale(y="shared")  # fmt: skip
    said = (
        f"Response times under {level.scenario} against the offered rate: thick lines are p99, thin ones p50, the dashed line "
        f"is the service level of {formats.milliseconds(level.target_ms)}. "
        + "; ".join(f"{one.stack}: {formats.rates(one.bracket.met, one.bracket.missed)}" for one in mine)
    )
    return pictures.chart(level.scenario, layers, said, table)


def _dots(one: Capacity) -> Iterator[ChartRow]:
    for point in one.points:
        for field, of in PERCENTILES.items():
            if point.outcome and shown(of, point.arrivals) and (value := getattr(point, field) or 0) > 0:
                yield {"stack": one.stack, "rate": point.rate, "of": of, "ms": value}


def _lines(one: Capacity) -> Iterator[ChartRow]:
    found: dict[tuple[float, str], list[float]] = {}
    for row in _dots(one):
        found.setdefault((row["rate"], row["of"]), []).append(row["ms"])
    for (rate, of), values in sorted(found.items()):
        yield {"stack": one.stack, "rate": rate, "of": of, "ms": statistics.median(values)}


def _names(mine: list[Capacity], colour: alt.Color) -> Any:
    """Name the stacks in their colours, in a corner that curves which rise leave free."""
    rows = [{"stack": one.stack, "row": 14 + 15 * number} for number, one in enumerate(mine)]
    return (
        alt.Chart(alt.InlineData(values=rows))
        .mark_text(align="left", fontSize=11, fontWeight="bold")
        .encode(x=alt.value(10), y=alt.Y("row:Q", scale=None), text="stack:N", color=colour)
    )


def _axis(ticks: list[float], values: list[float], unit: str) -> alt.Axis:
    shown = [tick for tick in ticks if 0.9 * min(values) <= tick <= 1.1 * max(values)]
    return alt.Axis(values=shown, labelExpr=f"format(datum.value, ',~r') + '{unit}'")
