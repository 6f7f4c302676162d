"""Dots: each bystander of every round at the moment at which it was due, and how long it took, over the whole window.

Rounds are drawn thin on each other, with the median of the rounds as a line, and never averaged: a stack that stands shows teeth,
which an average would file off.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import altair as alt
import msgspec

from tandem import formats
from tandem.errors import RunFailed
from tandem.judge.rounds import Key
from tandem.judge.summary import Summary
from tandem.observe import phases, samples
from tandem.observe.phases import Bystander
from tandem.records.block import Block
from tandem.records.setup import Blocking, Load
from tandem.report import cells, pictures, pools, sentences, theme
from tandem.report.pictures import WIDTH, Chart, ChartRow
from tandem.report.tables import Table
from tandem.rules import LATE_MS, shown
from tandem.statistics import median, reached

PANEL, HEIGHT = WIDTH - 60, 110

PIXELS = 1.5
"""Of the picture, for which the line of the median has a point: a block of 200 ms takes some of them."""

FIRST, OTHERS = 0.9, 0.35
"""How opaque the dots are, of the first round that counts and of the others."""

SeenRounds = Sequence[Sequence[Bystander]]
DotRounds = Mapping[Key, SeenRounds]
"""By scenario and stack the rounds; due times are in seconds since the first blocker."""


def read(folder: Path, loads: Iterable[Load], blocks: Iterable[Block]) -> dict[Key, list[list[Bystander]]]:
    """Return the bystanders of each round of each stack; none where samples are missing."""
    blocking = {load.scenario: load.blocking for load in loads if load.blocking}
    found: dict[Key, list[list[Bystander]]] = {}
    for block in blocks:
        given = blocking.get(block.scenario)
        if given is None or block.window_start is None or block.window_end is None:
            continue
        try:
            raw = samples.read(pools.file(folder, block))
        except (OSError, RunFailed):
            continue  # pools.read tells it
        first = block.window_start + given.before
        seen = phases.bystanders(raw, (block.window_start, block.window_end))
        moved = [each._replace(due=each.due - first) for each in seen]
        found.setdefault((block.scenario, block.stack), []).append(moved)
    return found


def draw(summary: Summary, number: int, load: Load, dots: DotRounds) -> Chart | None:
    """Draw them, a row of the picture per stack; None where there are none."""
    names = [s.name for s in summary.run.stacks if any(dots.get((load.scenario, s.name), [])) and s.decoy_of is None]
    if load.blocking is None or not names:
        return None
    found = {name: dots[load.scenario, name] for name in names}
    seen = [each.response_ms for rounds in found.values() for few in rounds for each in few]
    top = 1.1 * max(LATE_MS, *(ms for ms in seen if ms < math.inf))
    table = Table(
        name=f"dots-{number}",
        caption=f"{load.scenario}: each request beside those that block, {_number(found)}{sentences.mark(summary)}",
        columns=["Stack", "Requests", f"later than {LATE_MS:g} ms", "p50", "slowest"],
        rows=[_row(name, found[name]) for name in names],
    )
    said = (
        f"Each dot is a request at the moment at which it was due, its height how long it took; "
        "those of the first round stand out; the line is the median of the rounds. "
        f"{_shade(load.blocking)}; "
        f"the dashed line is {LATE_MS:g} ms; what had no good answer stands at the top. "
    ) + "; ".join(f"{row[0].text}: {row[2].text} of {row[1].text} later" for row in table.rows)
    layers = [_panel(summary, name, found[name], load, top, name == names[-1]) for name in names]
    return gathered(pictures.chart(load.scenario, alt.vconcat(*layers, spacing=14), said, table, taken_home=True))


def _shade(blocking: Blocking) -> str:
    if blocking.arrivals == "uniform":
        return f"Shaded is when something blocked, {blocking.milliseconds:g} ms each"
    return f"Shaded is when blockers of {blocking.milliseconds:g} ms came, at random moments that differ from round to round"


def _number(found: Mapping[str, SeenRounds]) -> str:
    fewest, most = (f(map(len, found.values())) for f in (min, max))
    return formats.count(most, "round") if fewest == most else f"{fewest} to {most} rounds"


def gathered(chart: Chart) -> Chart:
    """Return the picture with dots of one look as one path: the renderer's path for each is ten times as large."""
    return msgspec.structs.replace(chart, svg=DOT_RUN.sub(_path, chart.svg))


DOT = re.compile(
    r'<path transform="translate\(([-\d.e]+),([-\d.e]+)\)" d="[^"]*" fill="([^"]*)" stroke-width="2" opacity="([\d.]+)"/>'
)
DOT_RUN = re.compile(r'(?:<path transform="translate\([^>]*"/>)+')


def _path(run: re.Match[str]) -> str:
    """Return one path for dots that stand beside each other in the picture, each a line of no length with a round end."""
    found = DOT.findall(run[0])
    if not found or len(found) < run[0].count("<path"):
        return run[0]
    _, _, colour, opacity = found[0]
    width = 3.6 if float(opacity) >= FIRST else 2.4
    places = "".join(f"M{float(x):.0f},{float(y):.0f}h.01" for x, y, _, _ in found)
    return f'<path d="{places}" fill="none" stroke="{colour}" stroke-width="{width}" stroke-linecap="round" opacity="{opacity}"/>'


def _blocks(blocking: Blocking, end: float) -> list[ChartRow]:
    """Return when something blocked, as pieces that do not overlap; when it may have, where each round had moments of its own."""
    if blocking.arrivals != "uniform":
        return [{"from": 0.0, "to": blocking.on}]
    pieces: list[ChartRow] = []
    for number in range(blocking.number):
        start = number / blocking.rate
        until = min(start + blocking.milliseconds / 1000, end)
        if pieces and start <= pieces[-1]["to"]:
            pieces[-1]["to"] = until
        else:
            pieces.append({"from": start, "to": until})
    return pieces


def _panel(summary: Summary, name: str, rounds: SeenRounds, load: Load, top: float, last: bool) -> Any:
    """Return the dots of one stack, and the median of its rounds."""
    assert load.blocking is not None
    colour = theme.styles(summary.run)[name][0]
    span = (-load.blocking.before, load.blocking.on + load.blocking.after)
    scale = alt.Scale(domain=list(span), nice=False)
    axis = alt.Axis(tickCount=8, format="~g", labels=last, ticks=last)
    title = "seconds since blockers began to come" if last else None
    x = alt.X("due:Q", scale=scale, axis=axis, title=title)
    y = alt.Y("ms:Q", scale=alt.Scale(domain=[0, top], nice=False), axis=alt.Axis(tickCount=4), title=f"{name}, ms")
    shade = alt.Chart(alt.InlineData(values=_blocks(load.blocking, span[1])), width=PANEL, height=HEIGHT)
    shaded = shade.mark_rect(color=theme.BAND).encode(x=alt.X("from:Q", scale=scale, axis=axis, title=title), x2="to:Q")
    target = alt.Chart(alt.InlineData(values=[{"ms": LATE_MS}])).mark_rule(color=theme.MUTED, strokeDash=[4, 4])
    drawn = [_points(rounds[1:], span, top, OTHERS, colour), _points(rounds[:1], span, top, FIRST, colour)]
    if len(rounds) > 1:
        line = alt.Chart(alt.InlineData(values=_median(rounds, span, top)))
        drawn.append(line.mark_line(color=theme.INK, strokeWidth=1, interpolate="linear"))
    return alt.layer(shaded, target.encode(y=y), *(each.encode(x=x, y=y) for each in drawn))


def _median(rounds: SeenRounds, span: tuple[float, float], top: float) -> list[ChartRow]:
    """Return the median of the rounds' medians, moment by moment: it stands where most rounds did, and not where one did."""
    step = PIXELS * (span[1] - span[0]) / PANEL
    moments: dict[int, list[float]] = {}
    for few in rounds:
        mine: dict[int, list[float]] = {}
        for each in few:
            if span[0] <= each.due < span[1]:
                mine.setdefault(int((each.due - span[0]) / step), []).append(each.response_ms)
        for place, times in mine.items():
            moments.setdefault(place, []).append(median(sorted(times)))
    return [
        {"due": round(span[0] + (place + 0.5) * step, 4), "ms": round(min(median(sorted(times)), top), 2)}
        for place, times in sorted(moments.items())
        if 2 * len(times) > len(rounds)
    ]


def _points(rounds: SeenRounds, span: tuple[float, float], top: float, opacity: float, colour: str) -> Any:
    """Return the dots of some rounds; such as fall on one point of the picture are drawn once."""
    step, rise = (span[1] - span[0]) / PANEL, top / HEIGHT
    places = {
        (round((each.due - span[0]) / step), round(min(each.response_ms, top) / rise))
        for few in rounds for each in few if span[0] <= each.due < span[1]
    }  # fmt: skip
    rows = [{"due": round(span[0] + x * step, 4), "ms": round(y * rise, 2)} for x, y in sorted(places)]
    return alt.Chart(alt.InlineData(values=rows)).mark_point(filled=True, size=11, opacity=opacity, color=colour)


def _row(name: str, rounds: SeenRounds) -> list[Any]:
    times = sorted(each.response_ms for few in rounds for each in few)
    late = sum(ms > LATE_MS for ms in times)
    return [
        cells.plain(name), cells.plain(len(times)), cells.plain(late),
        cells.milliseconds(reached(times, 0.5) if shown("p50", len(times)) else None),
        cells.plain(formats.reach(times[-1] if times[-1] < math.inf else None)),
    ]  # fmt: skip
