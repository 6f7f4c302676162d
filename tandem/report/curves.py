"""Curves: response times by percentile, and good answers round by round, a line per stack."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import msgspec

from tandem import formats, statistics
from tandem.judge.summary import Summary
from tandem.report import cells, pictures, pools, sentences
from tandem.report.pictures import MARGIN, WIDTH, Chart, ChartRow
from tandem.report.tables import Table
from tandem.report.wording import Percentile
from tandem.rules import TAIL

POINTS = 120  # of a curve
FIRST = 1 / 0.95  # a curve begins at p5: the few fastest requests would stretch the scale
NAMES: tuple[Percentile, ...] = ("p50", "p90", "p99", "p999")


def percentiles(summary: Summary, number: int, scenario: str, curves: Mapping[str, Sequence[float]]) -> Chart | None:
    """Draw response times against the share of arrivals, stretched for the tail, as deep as a percentile is shown."""
    rows: list[ChartRow] = []
    for stack, ordered in curves.items():
        deepest = len(ordered) / TAIL
        for step in range(POINTS if deepest >= 2 else 0):
            depth = FIRST * (deepest / FIRST) ** (step / (POINTS - 1))
            response = statistics.percentile(ordered, 1 - 1 / depth)
            if 0 < response < math.inf:
                rows.append({"stack": stack, "depth": depth, "ms": response})
    if not rows:
        return None
    deepest = max(row["depth"] for row in rows)
    labels = {2: "p50", 10: "p90", 100: "p99", 1000: "p99.9", 10_000: "p99.99"}
    axis = alt.Axis(values=[d for d in labels if d <= deepest], labelExpr=f"({_json(labels)})[datum.value]")
    x = alt.X(
        "depth:Q",
        scale=alt.Scale(type="log", domain=[FIRST, deepest], nice=False),
        axis=axis,
        title="share of arrivals",
    )
    y = _log_y([row["ms"] for row in rows])
    layers = _lines(summary, rows, x, y, "ms", height=240)
    known = {stack: pools.pooled(values) for stack, values in curves.items() if values}
    table = Table(
        name=f"percentiles-{number}",
        caption=f"{scenario}: response time by percentile (log scale){sentences.mark(summary)}",
        columns=["Stack", "Samples", "p50", "p90", "p99", "p99.9"],
        rows=[[cells.plain(stack), cells.plain(one.samples), *(cells.percentile(one, name) for name in NAMES)]
              for stack, one in known.items()],
    )  # fmt: skip
    said = f"Response times under {scenario} from the fastest to the slowest arrivals, a line per stack. "
    said += "; ".join(f"{row[0].text}: p50 {row[2].text}, p99 {row[4].text}" for row in table.rows)
    return pictures.chart(scenario, layers, said, table)


def rates(summary: Summary, number: int, scenario: str) -> Chart | None:
    found = [m for m in summary.measures if m.scenario == scenario and m.rounds]
    if not found:
        return None
    rows: list[ChartRow] = [
        {"stack": m.stack, "round": r, "rate": rate} for m in found for r, rate in zip(m.rounds, m.rates, strict=True)
    ]
    top = 1.1 * max(row["rate"] for row in rows) or 1
    numbers = sorted({row["round"] for row in rows})
    domain = [numbers[0] - 0.2, numbers[-1] + 0.2]
    x = alt.X(
        "round:Q", scale=alt.Scale(domain=domain, nice=False), axis=alt.Axis(values=numbers, format="d"), title="round"
    )
    y = alt.Y(
        "rate:Q", scale=alt.Scale(domain=[0, top], nice=False), axis=alt.Axis(tickCount=5), title="good answers/s"
    )
    layers = _lines(summary, rows, x, y, "rate", height=150, points=True)
    by_round = {m.stack: dict(zip(m.rounds, m.rates, strict=True)) for m in found}
    table = Table(
        name=f"rate-{number}",
        caption=f"{scenario}: good answers per second, round by round{sentences.mark(summary)}",
        columns=["Round", *by_round],
        rows=[[cells.plain(r), *(cells.per_second(seen.get(r)) for seen in by_round.values())] for r in numbers],
    )
    said = "; ".join(f"{m.stack}: {formats.per_second(m.rate)} on average" for m in found)
    return pictures.chart(scenario, layers, f"Good answers per second under {scenario} in every round. {said}", table)


def _lines(
    summary: Summary, rows: list[ChartRow], x: alt.X, y: alt.Y, field: str, height: int, points: bool = False
) -> Any:
    """Return a line per stack, with its name beside its end."""
    names = list(dict.fromkeys(row["stack"] for row in rows))
    colour, shape, dash = pictures.scales(summary.run, names)
    chart = alt.Chart(alt.InlineData(values=rows), width=WIDTH - 120, height=height)
    lines = chart.mark_line(strokeWidth=2, clip=True).encode(x=x, y=y, color=colour, strokeDash=dash)
    last = {row["stack"]: row[field] for row in rows}
    scale = y["scale"]
    places = _places(last, scale["domain"], scale["type"] is not alt.Undefined, height)
    labels = alt.Chart(
        alt.InlineData(values=[{"stack": name, "place": place} for name, place in places.items()])
    ).mark_text(align="left", fontSize=11, fontWeight="bold")
    ends = labels.encode(
        x=alt.value(WIDTH - 120 + MARGIN), y=alt.Y("place:Q", scale=None), text="stack:N", color=colour
    )
    if not points:
        return alt.layer(lines, ends).resolve_scale(y="independent")
    dots = chart.mark_point(filled=True, size=45, opacity=1).encode(x=x, y=y, color=colour, shape=shape)
    return alt.layer(alt.layer(lines, dots), ends).resolve_scale(y="independent")


def _places(last: Mapping[str, float], domain: Sequence[float], log: bool, height: int) -> dict[str, float]:
    """Return the pixel rows of labels at the ends of lines, moved apart to be readable."""

    def pixel(value: float) -> float:
        low, high, at = (math.log(v) for v in (*domain, value)) if log else (*domain, value)
        return height * (1 - (at - low) / (high - low))

    places: dict[str, float] = {}
    for name, value in sorted(last.items(), key=lambda item: -item[1]):
        places[name] = max([pixel(value), *(place + 14 for place in places.values())])
    overflow = max(0.0, max(places.values()) - height)
    return {name: place - overflow for name, place in places.items()}


def _log_y(values: Sequence[float]) -> alt.Y:
    low, high = 0.9 * min(values), 1.1 * max(values)
    ticks = [m * 10.0**e for e in range(-3, 7) for m in (1, 2, 5) if low <= m * 10.0**e <= high]
    axis = alt.Axis(values=ticks, labelExpr="format(datum.value, '~r') + ' ms'")
    return alt.Y("ms:Q", scale=alt.Scale(type="log", domain=[low, high], nice=False), axis=axis, title=None)


def _json(labels: Mapping[int, str]) -> str:
    return msgspec.json.encode({str(key): value for key, value in labels.items()}).decode()
