"""Pictures: a chart with its description and the table behind it, in the colours of the theme."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from typing import Any

import altair as alt
import msgspec
import vl_convert

from tandem.records.setup import Run
from tandem.report import theme
from tandem.report.tables import Table

WIDTH, MARGIN = 560, 8
PADDING = {"left": 26, "right": 30, "top": 10, "bottom": 10}  # room for a reader's font wider than the renderer's
ChartRow = dict[str, Any]


class Chart(msgspec.Struct, frozen=True, kw_only=True):
    """A rendered chart; `name` is that of its file, without an ending."""

    name: str
    scenario: str | None
    title: str
    description: str
    svg: str
    table: Table
    taken_home: bool = False  # whether it stands with what to take home of its load, and not with its curves


def page_svg(chart: Chart) -> str:
    """Return the picture for a page that has the theme's CSS variables; it scales, and its ids are its own."""
    svg = re.sub(r'(id="|url\(#)', rf"\g<1>{chart.name}-", theme.adapt(chart.svg))
    return re.sub(r'(<svg [^>]*?) width="[\d.]+" height="[\d.]+"', r"\1", svg, count=1)


def png(chart: Chart) -> bytes:
    """Return the picture as PNG in double size."""
    return vl_convert.svg_to_png(chart.svg, scale=2)


def scales(run: Run, stacks: Sequence[str]) -> tuple[alt.Color, alt.Shape, alt.StrokeDash]:
    names = list(dict.fromkeys(stacks))
    colours, shapes, dashes = zip(*(theme.styles(run)[name] for name in names), strict=True)
    return (
        alt.Color("stack:N", scale=alt.Scale(domain=names, range=list(colours)), legend=None),
        alt.Shape("stack:N", scale=alt.Scale(domain=names, range=list(shapes)), legend=None),
        alt.StrokeDash("stack:N", scale=alt.Scale(domain=names, range=list(dashes)), legend=None),
    )


def chart(scenario: str | None, layers: Any, description: str, table: Table, taken_home: bool = False) -> Chart:
    """Render the layers under the title of the table, which names the chart as well."""
    title = table.caption
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
    # The picture as a whole is an image with a description; its parts have no roles of their own.
    svg = re.sub(r' (role="graphics-\w+"|aria-roledescription="[^"]*")', "", vl_convert.vegalite_to_svg(specification))
    svg = _numbered(svg)
    texts = f"<title>{html.escape(title)}</title><desc>{html.escape(description)}</desc>"
    svg = re.sub(r"<svg ([^>]*)>", lambda match: f'<svg role="img" {match[1]}>{texts}', svg, count=1)
    return Chart(
        name=table.name, scenario=scenario, title=title, description=description, svg=svg, table=table,
        taken_home=taken_home,
    )  # fmt: skip


def _numbered(svg: str) -> str:
    """Number the ids from 0: the renderer counts them through all pictures that it has made."""
    ids = {name: f"id{number}" for number, name in enumerate(dict.fromkeys(re.findall(r' id="(\w+)"', svg)))}
    return re.sub(r'( id="|url\(#)(\w+)', lambda match: match[1] + ids[match[2]], svg)
