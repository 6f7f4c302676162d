"""HTML: the report as one page that needs nothing else. This module arranges what was computed; the template only places it."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Any, Literal

import jinja2
import markupsafe

from tandem import formats
from tandem.judge.family import challengers
from tandem.judge.measures import Measures, Route
from tandem.judge.metrics import METRICS
from tandem.judge.summary import Summary
from tandem.judge.verdict import Verdict
from tandem.records.block import Block
from tandem.records.setup import Load, Run
from tandem.report import charts, reasons, sentences, theme, trust, wording
from tandem.report.charts import Chart
from tandem.rules import FAILED_LIMIT

LABELS: dict[Verdict | Literal["exploratory"], str] = {
    "better": "better", "worse": "worse", "no practical difference": "same", "undecided": "undecided", "not judged": "none",
    "exploratory": "none",
}  # fmt: skip
"""The CSS class of each verdict."""

Cell = dict[str, Any]


def render(summary: Summary, drawn: Sequence[Chart], blocks: Sequence[Block], problems: Sequence[str]) -> str:
    """Return the page. `blocks` are those that count, `problems` what was amiss with their samples."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    run = summary.run
    return environment.get_template("report.html.jinja").render(
        summary=summary,
        run=run,
        provenance=run.provenance,
        challengers=[stack.name for stack in challengers(run)],
        formats=formats,
        wording=wording,
        titles={key: metric.title for key, metric in METRICS.items()},
        labels=LABELS,
        badge=sentences.badge(summary),
        lines=sentences.verdict(summary),
        advice=sentences.advice(summary),
        reason=reasons.text,
        state={"untrusted": "bad", "trusted": "good", "not judged": "mild"}[summary.state],
        scorecard=[(load, [_card(summary, measures) for measures in summary.measures if measures.scenario == load.scenario])
                   for load in run.loads],
        driven=_driven,
        routes=_routes,
        headlines=[c for c in summary.comparisons if c.kind == "headline"],
        decoys=[c for c in summary.comparisons if c.kind == "decoy"],
        exploratory=[c for c in summary.comparisons if c.kind == "exploratory" and c.estimate is not None],
        forest=[chart for chart in drawn if chart.scenario is None],
        curves=[(load, [chart for chart in drawn if chart.scenario == load.scenario]) for load in run.loads],
        picture=_picture,
        doubts=trust.doubts(summary, problems),
        trust=trust,
        limit=FAILED_LIMIT,
        rejected=summary.disturbances.rejected,
        suspects=summary.disturbances.suspects,
        blocks=blocks,
        command=repeat(run),
        join=shlex.join,
        samples=_samples_folder(blocks),
        colours=theme,
    )  # fmt: skip


def _routes(summary: Summary, scenario: str) -> dict[str, list[Route]]:
    """Return what each route of a scenario got of every stack, by route, stacks in the order of the run."""
    found: dict[str, list[Route]] = {}
    for name in [stack.name for stack in summary.run.stacks]:
        for one in summary.routes:
            if (one.scenario, one.stack) == (scenario, name):
                found.setdefault(one.route, []).append(one)
    return found


def _driven(load: Load) -> str:
    """Say how a scenario was driven."""
    why = f" ({load.why_rate})" if load.why_rate else ""
    news = f"; the news service answers after {load.news_seconds:g} s" if load.news_seconds else ""
    arrivals = {"poisson": "Poisson arrivals", "uniform": "arrivals at equal distances"}[load.arrivals]
    return (
        f"Open loop: {formats.offered([load.rate])} offered{why}, {arrivals}, at most {load.in_flight:,} in flight, failed after "
        f"{load.timeout_seconds:g} s; {load.seconds:g} s measured after {load.warmup_seconds:g} s of warm-up{news}."
    )


def _card(summary: Summary, m: Measures) -> Cell:
    """Return a row of the scorecard: absolute values, and beside each the ratio to the baseline."""
    own = {c.metric: c for c in summary.comparisons if c.scenario == m.scenario and c.stack == m.stack}
    stack = next(stack for stack in summary.run.stacks if stack.name == m.stack)
    parts: dict[str, list[str]] = {
        "cpu": [f"app {formats.milliseconds(m.app_cpu_ms)}", f"nginx {formats.milliseconds(m.nginx_cpu_ms)}"],
        "memory": [f"app {formats.mebibytes(m.app_memory_bytes)}", f"nginx {formats.mebibytes(m.nginx_memory_bytes)}"],
    }
    cells = [
        {"absolute": wording.absolute(m, metric), "parts": parts.get(metric.key, []), "c": own.get(metric.key)}
        for metric in METRICS.values()
    ]
    return {"measures": m, "stack": stack, "cells": cells, "p90": wording.percentile(m, "p90"),
            "p999": wording.percentile(m, "p999"), "colour": theme.variable(theme.styles(summary.run)[m.stack][0])}  # fmt: skip


def _picture(chart: Chart) -> markupsafe.Markup:
    """Mark the renderer's SVG as safe: it escaped every text in it."""
    return markupsafe.Markup(charts.page_svg(chart))


def _samples_folder(blocks: Sequence[Block]) -> str | None:
    """Return the folder of the raw samples, relative to the report's; None where it lies elsewhere."""
    path = PurePosixPath(blocks[0].samples) if blocks else PurePosixPath("/")
    return f"{path.parent}/" if not path.is_absolute() and ".." not in path.parts and len(path.parts) > 1 else None


def repeat(run: Run) -> str:
    """Return the command that repeats a run, with the seed that it drew where none was given."""
    command = run.provenance.command
    given = any(part == "--seed" or part.startswith("--seed=") for part in command)
    return shlex.join([*command, *([] if given else ["--seed", str(run.seed)])])
