"""Dots: each bystander of one round at the moment at which it was due, and how long it took, around the first blocks."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import altair as alt

from tandem import formats
from tandem.errors import RunFailed
from tandem.judge.rounds import Key
from tandem.judge.summary import Summary
from tandem.observe import phases, samples
from tandem.observe.phases import Bystander
from tandem.records.block import Block
from tandem.records.setup import Load
from tandem.report import cells, pictures, pools, sentences, theme
from tandem.report.pictures import WIDTH, Chart, Row
from tandem.report.tables import Table
from tandem.rules import HEADLINE_TARGET, TARGETS_MS

BEFORE, AFTER = 0.5, 1.5
"""Seconds around the first blocker that are drawn: a whole window would be thousands of dots."""

HEIGHT = 110
TARGET = TARGETS_MS[HEADLINE_TARGET]

Dots = Mapping[Key, Sequence[Bystander]]
"""By scenario and stack; due times are in seconds since the first blocker."""


def read(folder: Path, loads: Iterable[Load], blocks: Iterable[Block]) -> dict[Key, list[Bystander]]:
    """Return the bystanders around the first blockers of the first round of each stack; none where samples are missing."""
    blocking = {load.scenario: load.blocking for load in loads if load.blocking}
    found: dict[Key, list[Bystander]] = {}
    for block in blocks:
        given, key = blocking.get(block.scenario), (block.scenario, block.stack)
        if given is None or block.window_start is None or key in found:
            continue
        first = block.window_start + given.before
        try:
            raw = samples.read(pools.file(folder, block))
        except (OSError, RunFailed):
            continue  # pools.read tells it
        window = (first - min(BEFORE, given.before), first + AFTER)
        found[key] = [each._replace(due=each.due - first) for each in phases.bystanders(raw, window)]
    return found


def draw(summary: Summary, number: int, load: Load, dots: Dots) -> Chart | None:
    """Draw them, a row of the picture per stack; None where there are none."""
    names = [s.name for s in summary.run.stacks if dots.get((load.scenario, s.name)) and s.decoy_of is None]
    if load.blocking is None or not names:
        return None
    found = {name: dots[load.scenario, name] for name in names}
    top = 1.1 * max(
        TARGET, *(each.response_ms for few in found.values() for each in few if each.response_ms < math.inf)
    )
    table = Table(
        name=f"dots-{number}",
        caption=f"{load.scenario}: each request beside those that block, one round{sentences.mark(summary)}",
        columns=["Stack", "Requests", f"later than {TARGET:g} ms", "p50", "slowest"],
        rows=[_row(name, found[name]) for name in names],
    )
    said = (
        f"Each dot is a request at the moment at which it was due, its height how long it took; "
        f"shaded are the first blocks of a round, {load.blocking.milliseconds:g} ms each; the dashed line is {TARGET:g} ms. "
    ) + "; ".join(f"{row[0].text}: {row[2].text} of {row[1].text} later" for row in table.rows)
    blocks = _blocks(load)
    layers = [_panel(summary, name, found[name], blocks, top, name == names[-1]) for name in names]
    return pictures.chart(load.scenario, alt.vconcat(*layers, spacing=14), said, table)


def _blocks(load: Load) -> list[Row]:
    """Return when something blocked."""
    blocking = load.blocking
    assert blocking is not None
    starts = [number / blocking.rate for number in range(blocking.number) if number / blocking.rate < AFTER]
    return [{"from": start, "to": min(start + blocking.milliseconds / 1000, AFTER)} for start in starts]


def _panel(summary: Summary, name: str, found: Sequence[Bystander], blocks: list[Row], top: float, last: bool) -> Any:
    """Return the dots of one stack."""
    colour, mark, _ = theme.styles(summary.run)[name]
    rows = [{"due": round(each.due, 3), "ms": round(min(each.response_ms, top), 1)} for each in found]
    axis = alt.Axis(tickCount=5, format=".1f", labels=last, ticks=last)
    scale = alt.Scale(domain=[-BEFORE, AFTER], nice=False)
    title = "seconds since the first block" if last else None
    x = alt.X("due:Q", scale=scale, axis=axis, title=title)
    y = alt.Y("ms:Q", scale=alt.Scale(domain=[0, top], nice=False), axis=alt.Axis(tickCount=4), title=f"{name}, ms")
    shade = alt.Chart(alt.InlineData(values=blocks), width=WIDTH - 60, height=HEIGHT)
    shaded = shade.mark_rect(color=theme.BAND).encode(x=alt.X("from:Q", scale=scale, axis=axis, title=title), x2="to:Q")
    target = alt.Chart(alt.InlineData(values=[{"ms": TARGET}])).mark_rule(color=theme.MUTED, strokeDash=[4, 4])
    chart = alt.Chart(alt.InlineData(values=rows))
    points = chart.mark_point(filled=True, size=11, opacity=0.9, color=colour, shape=mark).encode(x=x, y=y)
    return alt.layer(shaded, target.encode(y=y), points)


def _row(name: str, found: Sequence[Bystander]) -> list[Any]:
    times = sorted(each.response_ms for each in found)
    late = sum(ms > TARGET for ms in times)
    return [
        cells.plain(name), cells.plain(len(times)), cells.plain(late), cells.milliseconds(times[len(times) // 2]),
        cells.plain(formats.reach(times[-1] if times[-1] < math.inf else None)),
    ]  # fmt: skip
