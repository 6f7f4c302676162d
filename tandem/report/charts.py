"""Charts: a picture, its description and the table behind it, made of a summary and the pooled samples."""

from __future__ import annotations

import html
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import altair as alt
import msgspec
import vl_convert

from tandem import formats, statistics
from tandem.judge.metrics import METRICS
from tandem.judge.summary import Summary
from tandem.judge.verdict import Ratio
from tandem.report import pools, theme, wording
from tandem.report.pools import Responses
from tandem.report.sheet import Sheet
from tandem.rules import TAIL

POINTS = 120  # of a curve
FIRST = 1 / 0.95  # a curve begins at p5: the few fastest requests would stretch the scale
TICKS = (0.05, 0.1, 0.2, 0.33, 0.5, 0.67, 0.8, 1, 1.25, 1.5, 2, 3, 5, 10, 20)
NAMES: tuple[Literal["p50", "p90", "p99", "p999"], ...] = ("p50", "p90", "p99", "p999")
WIDTH, PLOT, MARGIN = 560, 300, 8
PADDING = {"left": 26, "right": 30, "top": 10, "bottom": 10}  # room for a reader's font wider than the renderer's
STEP, GAP = 18, 8  # of the rows of ratios, in pixels
Row = dict[str, Any]


class Chart(msgspec.Struct, frozen=True, kw_only=True):
    """A rendered chart; `name` is that of its file, without an ending."""

    name: str
    scenario: str | None
    title: str
    description: str
    svg: str
    sheet: Sheet


def draw(summary: Summary, responses: Responses) -> list[Chart]:
    """Return the charts that the data allow: ratios, percentile curves, rate per round."""
    charts = [_forest(summary)]
    for number, load in enumerate(summary.run.loads, 1):
        curves = {stack.name: responses.get((load.scenario, stack.name), []) for stack in summary.run.stacks}
        charts += [_percentiles(summary, number, load.scenario, curves), _rates(summary, number, load.scenario)]
    return [chart for chart in charts if chart is not None]


def page_svg(chart: Chart) -> str:
    """Return the picture for a page that has the theme's CSS variables; it scales, and its ids are its own."""
    svg = re.sub(r'(id="|url\(#)', rf"\g<1>{chart.name}-", theme.adapt(chart.svg))
    return re.sub(r'(<svg [^>]*?) width="[\d.]+" height="[\d.]+"', r"\1", svg, count=1)


def png(chart: Chart) -> bytes:
    """Return the picture as PNG in double size."""
    return vl_convert.svg_to_png(chart.svg, scale=2)


def _forest(summary: Summary) -> Chart | None:
    shown = [c for c in summary.comparisons if c.kind != "exploratory" and c.estimate is not None]
    if not shown:
        return None
    rows = _forest_rows(shown)
    height = rows[-1]["bottom"]
    low = 0.95 * min(min(row["low"], row["band_low"]) for row in rows)
    high = 1.05 * max(max(row["high"], row["band_high"]) for row in rows)
    axis = alt.Axis(values=[t for t in TICKS if low <= t <= high], labelExpr="format(datum.value, '~g') + '×'")
    title = f"ratio to {summary.run.baseline} (log scale) – left of 1 is better"
    scale = alt.Scale(type="log", domain=[low, high], nice=False)
    x, x2 = alt.X("low:Q", scale=scale, axis=axis, title=title), alt.X2("high:Q")
    band, point = (
        alt.X("band_low:Q", scale=scale, axis=axis, title=title),
        alt.X("ratio:Q", scale=scale, axis=axis, title=title),
    )
    y = alt.Y("place:Q", scale=None, axis=None)
    chart = alt.Chart(alt.InlineData(values=rows), width=PLOT, height=height)
    colour, shape, _ = _scales(summary, [row["stack"] for row in rows])
    named = [row for row in rows if row["first"]]
    layers = alt.layer(
        chart.mark_bar(color=theme.BAND).encode(
            x=band, x2="band_high:Q", y=alt.Y("top:Q", scale=None, axis=None), y2=alt.Y2("bottom:Q")),
        chart.mark_rule(color=theme.MUTED, strokeDash=[3, 3]).encode(x=alt.datum(1, scale=scale, axis=axis)),
        chart.mark_rule(strokeWidth=2.5).encode(x=x, x2=x2, y=y, color=colour),
        chart.mark_point(filled=True, size=50, opacity=1).encode(x=point, y=y, color=colour, shape=shape),
        chart.mark_text(align="left", fontSize=11, color=theme.INK).encode(x=alt.value(PLOT + MARGIN), y=y, text="text:N"),
        alt.Chart(alt.InlineData(values=named)).mark_text(align="right", fontSize=11, color=theme.INK).encode(
            x=alt.value(-MARGIN), y=alt.Y("middle:Q", scale=None, axis=None), text="of:N"),
    )  # fmt: skip
    table = [[c.scenario, METRICS[c.metric].title, c.stack, formats.times(c.estimate), wording.interval(c),
              wording.level(c), f"±{c.delta:.0%}", c.verdict] for c in shown]  # fmt: skip
    return _chart(
        "ratios", None, f"Ratios to {summary.run.baseline} with their intervals", layers,
        "Each point is a ratio, its line the interval that decided, the shaded band what makes no practical difference. "
        + "; ".join(f"{row['of']}: {row['text']}" for row in rows),
        ["Scenario", "Metric", "Stack", "Ratio", "Interval", "Confidence", "δ", "Verdict"], table,
    )  # fmt: skip


def _forest_rows(shown: Sequence[Ratio]) -> list[Row]:
    """Return a row per ratio with its place in pixels: the stacks of one headline together, a gap before the next."""
    rows: list[Row] = []
    top = 0
    for key in dict.fromkeys((c.scenario, c.metric) for c in shown):
        group = [c for c in shown if (c.scenario, c.metric) == key]
        bottom = top + STEP * len(group)
        for index, c in enumerate(group):
            rows.append({
                "of": wording.subject(c), "stack": c.stack, "ratio": c.estimate, **_ends(c),
                "band_low": 1 / (1 + c.delta), "band_high": 1 + c.delta,
                "text": f"{c.stack}  {formats.times(c.estimate)}  {c.verdict}", "first": index == 0,
                "top": top, "bottom": bottom, "middle": (top + bottom) / 2, "place": top + STEP * (index + 0.5),
            })  # fmt: skip
        top = bottom + GAP
    return rows


def _ends(c: Ratio) -> Row:
    """Return where a ratio's line ends: at those of the interval that decided, or there is but a point."""
    found = c.decided_by
    return {"low": found.low if found else c.estimate, "high": found.high if found else c.estimate}


def _percentiles(summary: Summary, number: int, scenario: str, curves: Mapping[str, Sequence[float]]) -> Chart | None:
    """Draw response times against the share of arrivals, stretched for the tail, as deep as a percentile is shown."""
    rows: list[Row] = []
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
    table = [[stack, f"{one.samples:,}", *(wording.pooled_percentile(one, name) for name in NAMES)]
             for stack, one in known.items()]  # fmt: skip
    return _chart(
        f"percentiles-{number}", scenario, f"{scenario}: response time by percentile (log scale)", layers,
        f"Response times under {scenario} from the fastest to the slowest arrivals, a line per stack. "
        + "; ".join(f"{row[0]}: p50 {row[2]}, p99 {row[4]}" for row in table),
        ["Stack", "Samples", "p50", "p90", "p99", "p99.9"], table,
    )  # fmt: skip


def _rates(summary: Summary, number: int, scenario: str) -> Chart | None:
    found = [m for m in summary.measures if m.scenario == scenario and m.rounds]
    if not found:
        return None
    rows: list[Row] = [
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
    return _chart(
        f"rate-{number}", scenario, f"{scenario}: good answers per second, round by round", layers,
        f"Good answers per second under {scenario} in every round. "
        + "; ".join(f"{m.stack}: {formats.per_second(m.rate)} on average" for m in found),
        ["Round", *(m.stack for m in found)],
        [[str(r), *(formats.per_second(m.rates[m.rounds.index(r)]) if r in m.rounds else formats.NOTHING for m in found)]
         for r in numbers],
    )  # fmt: skip


def _lines(summary: Summary, rows: list[Row], x: alt.X, y: alt.Y, field: str, height: int, points: bool = False) -> Any:
    """Return a line per stack, with its name beside its end."""
    names = list(dict.fromkeys(row["stack"] for row in rows))
    colour, shape, dash = _scales(summary, names)
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


def _scales(summary: Summary, stacks: Sequence[str]) -> tuple[alt.Color, alt.Shape, alt.StrokeDash]:
    names = list(dict.fromkeys(stacks))
    colours, shapes, dashes = zip(*(theme.styles(summary.run)[name] for name in names), strict=True)
    return (
        alt.Color("stack:N", scale=alt.Scale(domain=names, range=list(colours)), legend=None),
        alt.Shape("stack:N", scale=alt.Scale(domain=names, range=list(shapes)), legend=None),
        alt.StrokeDash("stack:N", scale=alt.Scale(domain=names, range=list(dashes)), legend=None),
    )


def _chart(
    name: str, scenario: str | None, title: str, layers: Any, description: str, head: list[str], rows: list[list[str]]
) -> Chart:
    heading = alt.TitleParams(title, anchor="start", frame="group", fontSize=13, color=theme.INK, offset=12)
    axes = {
        "labelColor": theme.MUTED, "titleColor": theme.MUTED, "gridColor": theme.GRID, "domainColor": theme.GRID,
        "tickColor": theme.GRID, "labelFontSize": 11, "titleFontSize": 11, "titleFontWeight": "normal",
    }  # fmt: skip
    config = {
        "background": theme.PAPER,
        "axis": axes,
        "view": {"stroke": None},
        "aria": False,
        "font": "Arial, Helvetica, sans-serif",
    }
    specification = {**layers.properties(title=heading).to_dict(), "config": config, "padding": PADDING}
    svg = _numbered(vl_convert.vegalite_to_svg(specification))
    texts = f"<title>{html.escape(title)}</title><desc>{html.escape(description)}</desc>"
    svg = re.sub(r"<svg ([^>]*)>", lambda match: f'<svg role="img" {match[1]}>{texts}', svg, count=1)
    return Chart(
        name=name, scenario=scenario, title=title, description=description, svg=svg, sheet=Sheet(title, head, rows)
    )


def _numbered(svg: str) -> str:
    """Number the ids from 0: the renderer counts them through all pictures that it has made."""
    ids = {name: f"id{number}" for number, name in enumerate(dict.fromkeys(re.findall(r' id="(\w+)"', svg)))}
    return re.sub(r'( id="|url\(#)(\w+)', lambda match: match[1] + ids[match[2]], svg)


def _json(labels: Mapping[int, str]) -> str:
    return msgspec.json.encode({str(key): value for key, value in labels.items()}).decode()
