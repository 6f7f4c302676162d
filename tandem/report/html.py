"""HTML: the report as one page that needs nothing else. This module arranges what was computed; the template only places it."""

from __future__ import annotations

import math
import shlex
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import jinja2
import markupsafe

from tandem import sentences, statistics, wording
from tandem.measures import METRICS, TITLES, Measures, Metric
from tandem.records import Block, Run
from tandem.report import charts, theme
from tandem.report.charts import Chart
from tandem.summary import Summary, challengers
from tandem.verdict import Comparison, Word

LABELS: dict[Word, str] = {
    "better": "better", "worse": "worse", "no practical difference": "same", "undecided": "undecided", "no word": "none",
}  # fmt: skip
"""The CSS class of each word."""

BUSY = 0.60
"""Share of its CPU from which on the load generator is named as a suspect: what it measures may be its own delay."""

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
        wording=wording,
        titles=TITLES,
        labels=LABELS,
        state="bad" if summary.verdict[0].startswith("UNTRUSTED") else "good" if summary.trusted else "mild",
        verdict=[_labelled(sentence) for sentence in summary.verdict],
        scorecard=[(load, [_card(summary, measures) for measures in summary.measures if measures.scenario == load.scenario])
                   for load in run.loads],
        headlines=[c for c in summary.comparisons if c.kind == "headline"],
        decoys=[c for c in summary.comparisons if c.kind == "decoy"],
        exploratory=[c for c in summary.comparisons if c.kind == "exploratory" and c.estimate is not None],
        forest=[chart for chart in drawn if chart.scenario is None],
        curves=[(load, [chart for chart in drawn if chart.scenario == load.scenario]) for load in run.loads],
        picture=_picture,
        doubts=doubts(summary, problems),
        orders=_orders(blocks),
        failures=_failures(blocks),
        rounds=range(1, run.rounds + 1),
        at=lambda c: dict(zip(c.rounds, c.ratios, strict=True)),
        halves=_halves,
        command=repeat(run),
        join=shlex.join,
        samples=_samples_folder(blocks),
        colours=theme,
    )  # fmt: skip


def doubts(summary: Summary, problems: Sequence[str]) -> list[str]:
    """Return every reason that the records give to doubt the numbers."""
    where = summary.run.provenance
    found = [*summary.run.suspect]
    shared = sorted(set(where.stack_cpus) & set(where.generator_cpus))
    if shared and not found:
        found.append(f"The stacks and the load generator shared CPU {wording.listed([str(cpu) for cpu in shared])}.")
    found += [
        f"The load generator used {m.generator_share:.0%} of a CPU in a block of {m.scenario} on {m.stack}; "
        f"from {BUSY:.0%} on, times may be its own delay."
        for m in summary.measures if m.generator_share > BUSY
    ]  # fmt: skip
    if where.dirty:
        found.append("The working tree had changes that no commit holds.")
    if summary.end is None:
        found.append("The run did not come to its end: it was killed, or it is still going on.")
    elif not summary.end.complete:
        found.append(f"The run was stopped: {summary.end.reason}.")
    if problems:
        more = f" and {len(problems) - 3} more" if len(problems) > 3 else ""
        found.append(f"Samples that don't add up with the records: {'; '.join(problems[:3])}{more}.")
    return found


def _labelled(sentence: str) -> tuple[str, str, list[str]]:
    """Split "Better: a; b." into the CSS class of the word, the word and what got it; other sentences have no word."""
    for title, label in [*((title, LABELS[word]) for word, title in sentences.SHOWN), (sentences.EXPLORATORY, "none")]:
        if sentence.startswith(f"{title}: "):
            items = sentence.removeprefix(f"{title}: ").split("; ")
            return label, title, [f"{item};" for item in items[:-1]] + items[-1:]
    return "", "", [sentence]


def _card(summary: Summary, m: Measures) -> Cell:
    """Return a row of the scorecard: absolute values, and beside each the ratio to the baseline."""
    own = {c.metric: c for c in summary.comparisons if c.scenario == m.scenario and c.stack == m.stack}
    stack = next(stack for stack in summary.run.stacks if stack.name == m.stack)
    parts: dict[Metric, list[str]] = {
        "cpu": [f"app {wording.milliseconds(m.app_cpu_ms)}", f"nginx {wording.milliseconds(m.nginx_cpu_ms)}"],
        "memory": [f"app {wording.mebibytes(m.app_memory_bytes)}", f"nginx {wording.mebibytes(m.nginx_memory_bytes)}"],
    }
    cells = [
        {"absolute": wording.absolute(m, metric), "parts": parts.get(metric, []), "c": own.get(metric)}
        for metric in METRICS
    ]
    return {"measures": m, "stack": stack, "cells": cells, "p90": wording.percentile(m, "p90"),
            "p999": wording.percentile(m, "p999"), "colour": theme.variable(theme.styles(summary.run)[m.stack][0])}  # fmt: skip


def _picture(chart: Chart) -> markupsafe.Markup:
    """Mark the renderer's SVG as safe: it escaped every text in it."""
    return markupsafe.Markup(charts.page_svg(chart))


def _orders(blocks: Iterable[Block]) -> list[tuple[int, str, list[str]]]:
    """Return for each round and scenario the stacks in the order of measurement."""
    places: dict[tuple[int, str], list[Block]] = {}
    for block in blocks:
        places.setdefault((block.round, block.scenario), []).append(block)
    return [(number, scenario, [block.stack for block in sorted(found, key=lambda block: block.position)])
            for (number, scenario), found in sorted(places.items(), key=lambda place: place[0][0])]  # fmt: skip


def _failures(blocks: Iterable[Block]) -> list[tuple[Block, str]]:
    """Return the blocks in which a request failed or stayed unanswered, with what was seen."""
    return [(block, "; ".join(block.failure_examples[:3])) for block in blocks if block.failures or block.unfinished]


def _halves(c: Comparison) -> tuple[str, str]:
    """Return the estimates of the first and the second half of the rounds: a drift would pull them apart."""
    middle = len(c.ratios) // 2
    logs = [math.log(ratio) for ratio in c.ratios]
    parts = [statistics.estimate(half) if half else None for half in (logs[:middle], logs[middle:])]
    first, second = (wording.times(None if part is None else math.exp(part)) for part in parts)
    return first, second


def _samples_folder(blocks: Sequence[Block]) -> str | None:
    """Return the folder of the raw samples, relative to the report's; None where it lies elsewhere."""
    path = PurePosixPath(blocks[0].samples) if blocks else PurePosixPath("/")
    return f"{path.parent}/" if not path.is_absolute() and ".." not in path.parts and len(path.parts) > 1 else None


def repeat(run: Run) -> str:
    """Return the command that repeats a run, with the seed that it drew where none was given."""
    command = run.provenance.command
    given = any(part == "--seed" or part.startswith("--seed=") for part in command)
    return shlex.join([*command, *([] if given else ["--seed", str(run.seed)])])
