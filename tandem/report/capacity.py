"""Capacity: what a search found, as sentences, tables and pages."""

from __future__ import annotations

from typing import NamedTuple

import markupsafe

from tandem import formats
from tandem.judge.capacity import Capacities, Capacity, Higher
from tandem.judge.tries import CountedTry
from tandem.records.capacity import Level
from tandem.records.setup import Run
from tandem.report import cells, load_curve, pictures, tables, templates, theme
from tandem.report.pictures import Chart
from tandem.report.tables import Cell, Table, escaped
from tandem.rules import CAPACITY_BLOCKS, CAPACITY_STEP, CAPACITY_TRIES, FAILED_LIMIT, shown

OUTCOME_TITLES = {
    "met": "met",
    "missed": "missed",
    "generator": "missed; the generator was the limit",
    None: "spoiled: does not count",
}


def texts(found: Capacities) -> list[str]:
    """Return what was found: of every scenario which stacks surely take more, then each stack's bracket."""
    lines = []
    for level in found.search.levels:
        mine = [each for each in found.found if each.scenario == level.scenario]
        verdicts = [_verdict(each) for each in found.higher if each.scenario == level.scenario]
        if len(mine) > 1:
            none = "no verdict, as no two brackets are both known and apart"
            lines.append(f"{level.scenario}: {'; '.join(verdicts) or none}.")
        lines.append(f"{level.scenario}, p99 below {level.target_ms:g} ms: {'; '.join(map(sentence, mine))}.")
    if found.end is None or not found.end.complete:
        why = f" ({found.end.reason})" if found.end else ""
        lines.insert(0, f"The search was broken off{why}: what it has is below.")
    return lines


def sentence(one: Capacity) -> str:
    """Say what was found for one stack."""
    found, tried = one.bracket, [point.rate for point in one.points]
    met = max((point.rate for point in one.points if point.outcome == "met"), default=None)
    so_far = f"the highest rate met so far is {met:,g}/s" if met else "no rate was met so far"
    match one.state:
        case "settled":
            return f"{one.stack} serves {found.met:,g}/s and not {found.missed:,g}/s"
        case "at least":
            limit = "the load generator was" if found.limit == "generator" else "other programs on this machine were"
            beyond = f"at {found.missed:,g}/s {limit} the limit" if found.missed else "no higher rate was tried"
            return f"{one.stack} serves at least {found.met:,g}/s ({beyond})"
        case "never":
            return f"{one.stack} meets it at no rate, down to {min(tried):,g}/s"
        case "spoiled":
            return (
                f"{one.stack} was given up, because other programs on this machine spoiled too many blocks ({so_far})"
            )
        case "not settled":
            return f"{one.stack} has no bracket after {CAPACITY_BLOCKS} blocks, as tries contradicted each other ({so_far})"
        case "interrupted":
            return f"the search on {one.stack} is not over ({so_far})"


def _verdict(each: Higher) -> str:
    if not each.least:
        return f"{each.stack} takes more than {each.than}"
    times = (
        f"at least {formats.times(each.least)}" if each.most is None else f"{formats.bounds(each.least, each.most)}×"
    )
    return f"{each.stack} takes {times} the rate of {each.than}"


def table(found: Capacities) -> Table:
    """Return what was found: three numbers of each stack that must make sense together."""
    return Table(
        name="capacity",
        caption="Highest rate at the service level, beside what each stack answers at saturation and what its CPU allows",
        columns=[
            "Scenario",
            "Stack",
            "p99 below",
            "Met",
            "Missed",
            "At saturation",
            "CPU per request",
            "1 ÷ CPU",
            "Blocks",
        ],
        rows=[_row(found, one) for one in found.found],
    )


def _row(found: Capacities, one: Capacity) -> list[Cell]:
    dot = theme.variable(theme.styles(found.run)[one.stack][0])
    met = cells.strong(cells.per_second(one.bracket.met))
    return [
        cells.plain(one.scenario),
        Cell(text=one.stack, value=one.stack, dot=dot),
        cells.milliseconds(one.target_ms),
        met if one.state != "at least" else Cell(text=f"≥ {met.text}", value=met.value, unit="1/s", kind="strong"),
        cells.per_second(one.bracket.missed),
        cells.per_second(one.saturation),
        cells.milliseconds(one.cpu_ms),
        cells.per_second(one.by_cpu),
        cells.plain(len(one.points)),
    ]


def tries(found: Capacities, number: int, level: Level) -> Table:
    """Return every try of a scenario, in the order of measurement of each stack."""
    return Table(
        name=f"capacity-{number}",
        caption=f"{level.scenario}: p99 (thick) and p50 (thin) against the offered rate",
        columns=["Stack", "Offered", "Outcome", "p50", "p99", "Lost", "Arrivals"],
        rows=[_try(one, point) for one in found.found if one.scenario == level.scenario for point in one.points],
    )


def _try(one: Capacity, point: CountedTry) -> list[Cell]:
    return [
        cells.plain(one.stack), cells.per_second(point.rate), cells.plain(OUTCOME_TITLES[point.outcome]),
        _reached("p50", point.p50_ms, point.arrivals), _reached("p99", point.p99_ms, point.arrivals), cells.share(point.lost),
        cells.plain(point.arrivals),
    ]  # fmt: skip


def _reached(name: str, value: float | None, arrivals: int) -> Cell:
    if not shown(name, arrivals):
        return Cell(text=formats.NOTHING, value=None, unit="ms")
    return Cell(text=formats.reach(value), value=value, unit="ms")


def charts(found: Capacities) -> list[Chart]:
    """Return a picture for each scenario that has anything to draw."""
    drawn = [
        load_curve.draw(found, level, tries(found, number, level))
        for number, level in enumerate(found.search.levels, 1)
    ]
    return [chart for chart in drawn if chart is not None]


def levels(found: Capacities) -> list[str]:
    """Say at which service level each scenario was searched."""
    return [
        f"{level.scenario}: p99 below {level.target_ms:g} ms"
        + (
            f", of which the news service takes {level.waits_ms:g} ms, which no stack can shorten"
            if level.waits_ms
            else ""
        )
        for level in found.search.levels
    ]


def method(found: Capacities) -> str:
    """Say how it was searched."""
    search = found.search
    return (
        f"Each rate was offered in an open loop (Poisson arrivals) to a fresh stack, for {search.seconds:g} s after "
        f"{search.warmup_seconds:g} s of warm-up; the stacks took turns. Rates lie {100 * (CAPACITY_STEP - 1):.0f} % apart. A "
        f"rate is met where p99 stays below the level, less than {formats.percent(FAILED_LIMIT)} of the arrivals are lost and "
        f"99 % answered well. “Met” is the highest rate that met it {CAPACITY_TRIES} times of {CAPACITY_TRIES}, “missed” the "
        f"lowest that missed it {CAPACITY_TRIES // 2 + 1} times of {CAPACITY_TRIES}. Only brackets that don't overlap earn a "
        "verdict. A single block at saturation came first, so what it shows is exploratory; where the load generator was the "
        "limit the stack may serve more."
    )


class Section(NamedTuple):
    """All that a page says of a search."""

    lines: list[str]
    levels: list[str]
    method: str
    found: Table
    charts: list[Chart]


def section(found: Capacities) -> Section:
    """Return what a page says of a search."""
    return Section(texts(found), levels(found), method(found), table(found), charts(found))


def html(run: Run, searched: Section) -> str:
    """Return the page of a search of its own."""
    return templates.page("capacity.html.jinja").render(
        run=run,
        provenance=run.provenance,
        searched=searched,
        table=tables.html,
        picture=lambda chart: markupsafe.Markup(pictures.page_svg(chart)),
    )


def markdown(run: Run, searched: Section) -> str:
    """Return the same in a form that fits a README."""
    where = run.provenance
    origin = (
        f"Seed {run.seed}; commit {escaped((where.commit or 'unknown')[:12])}; {escaped(where.date)}; "
        f"{escaped(where.cpu_model)}; nginx {escaped(where.nginx)}, {escaped(where.database())}."
    )
    return f"{paragraphs(searched)}\n\n{origin}\n"


def paragraphs(searched: Section) -> str:
    """Return what was found as Markdown."""
    first, *rest = searched.lines or ["Nothing was measured."]
    parts = [
        f"**{escaped(first)}**",
        "\n".join(f"- {escaped(line)}" for line in rest),
        tables.markdown(searched.found),
        "\n".join(f"![{escaped(chart.title)}](img/{chart.name}.svg)" for chart in searched.charts),
        escaped(searched.method),
    ]
    return "\n\n".join(part for part in parts if part)
