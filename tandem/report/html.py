"""HTML: the report as one page that needs nothing else. This module arranges what was computed; the template only places it."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import PurePosixPath

import markupsafe

from tandem import formats, rules
from tandem.judge import control
from tandem.judge.family import challengers
from tandem.judge.metrics import METRICS
from tandem.judge.summary import Summary
from tandem.records.block import Block
from tandem.records.setup import Load, Run
from tandem.report import (
    answers,
    backlog,
    cells,
    conditions,
    detectors,
    harmed,
    lines,
    named_lines,
    pictures,
    repairs,
    scorecard,
    sentences,
    tables,
    takeaways,
    templates,
    trust,
    wording,
)
from tandem.report.capacity import Section
from tandem.report.lines import Lines
from tandem.report.pictures import Chart

IDLE = "stays"
"""What clients do whose connections idle, as records have it."""


def render(
    summary: Summary,
    drawn: Sequence[Chart],
    blocks: Sequence[Block],
    problems: Sequence[str],
    searched: Section | None = None,
    stood: Lines | None = None,
) -> str:
    """Return the page. `blocks` are those that count, `problems` what was amiss with their samples, `searched` what
    searches for capacity found, `stood` what was recorded of stalls.
    """
    run = summary.run
    return templates.page("report.html.jinja").render(
        summary=summary,
        run=run,
        provenance=run.provenance,
        challengers=wording.named([stack.name for stack in challengers(run)]),
        formats=formats,
        labels=cells.VERDICT_CLASSES,
        badge=sentences.badge(summary),
        lines=sentences.verdict(summary),
        answers=answers.answers(summary),
        better=wording.better_where([METRICS[c.metric] for c in summary.comparisons if c.kind == "headline"] or METRICS.values()),
        state={"untrusted": "bad", "trusted": "good", "not judged": "mild"}[summary.state],
        advice=scorecard.advice(summary),
        scorecard=[(load, scorecard.scorecard(summary, load), scorecard.routes(summary, load.scenario)) for load in run.loads],
        driven=_driven,
        headlines=[c for c in summary.comparisons if c.kind == "headline"],
        decoys=[c for c in summary.comparisons if c.kind == "decoy"],
        exploratory=scorecard.exploratory(summary),
        waiting=scorecard.waiting(summary),
        forest=[chart for chart in drawn if chart.scenario is None],
        repairs=repairs.table(summary),
        harmed=[harmed.stacks(summary), harmed.routes(summary)],
        harmed_more=[each for each in (harmed.beyond(control.beyond(run.loads, blocks)), harmed.prices(summary)) if each.rows],
        stood=lines.table(stood) if stood else None,
        queues=backlog.table(stood.queues) if stood else None,
        right=named_lines.table(stood, run.loads) if stood else None,
        detectors=detectors.section() if stood else None,
        explained=[*lines.explanations(stood), *stood.problems] if stood else [],
        dose=[chart for chart in drawn if chart.name == "dose"],
        takeaways=takeaways.takeaways(summary, drawn),
        curves=[(load, [chart for chart in drawn if chart.scenario == load.scenario and not chart.taken_home])
                for load in run.loads],
        picture=_picture,
        table=tables.html,
        doubts=trust.doubts(summary, problems),
        trust=trust,
        conditions=conditions,
        rules=rules,
        deltas=wording.deltas(METRICS.values()),
        idle=any(load.blocking and load.blocking.client == IDLE for load in run.loads),
        rejected=summary.disturbances.rejected,
        suspects=summary.disturbances.suspects,
        blocks=blocks,
        command=repeat(run),
        join=shlex.join,
        samples=_samples_folder(blocks),
        searched=searched,
    )  # fmt: skip


def _driven(load: Load) -> str:
    """Say how a scenario was driven."""
    sliced = f", in {load.slices} slices that the stacks took in turn" if load.slices else ""
    if load.saturates:
        return (
            f"Closed loop: {load.in_flight:,} requests kept in flight, each client asks again once it is answered; failed after "
            f"{load.timeout_seconds:g} s{sliced}. Response times of a closed loop earn no verdict."
        )
    why = f" ({load.why_rate})" if load.why_rate else ""
    news = f"; the news service answers after {load.news_seconds:g} s" if load.news_seconds else ""
    arrivals = {"poisson": "Poisson arrivals", "uniform": "arrivals at equal distances"}[load.arrivals]
    return (
        f"Open loop: {formats.offered([load.rate])} offered{why}, {arrivals}, at most {load.in_flight:,} in flight, failed after "
        f"{load.timeout_seconds:g} s; {load.seconds:g} s measured after {load.warmup_seconds:g} s of warm-up{sliced}{news}."
        f"{harmed.driven(load)}{_alone(load)}{_not_judged(load)}"
    )


def _alone(load: Load) -> str:
    """Say which stacks were measured under it, where not all were."""
    names = formats.listed(load.stacks)
    return f" Measured on {names} alone: the others would be busy with this for too long after it." if names else ""


def _not_judged(load: Load) -> str:
    """Say which metrics are judged elsewhere and not here."""
    return "".join(f" {METRICS[metric].title} is not judged: {why}." for metric, why in load.not_judged.items())


def _picture(chart: Chart) -> markupsafe.Markup:
    """Mark the renderer's SVG as safe: it escaped every text in it."""
    return markupsafe.Markup(pictures.page_svg(chart))


def _samples_folder(blocks: Sequence[Block]) -> str | None:
    """Return the folder of the raw samples, relative to the report's; None where it lies elsewhere."""
    path = PurePosixPath(blocks[0].samples) if blocks else PurePosixPath("/")
    return f"{path.parent}/" if not path.is_absolute() and ".." not in path.parts and len(path.parts) > 1 else None


def repeat(run: Run) -> str:
    """Return the command that repeats a run, with the seed that it drew where none was given."""
    command = run.provenance.command
    given = any(part == "--seed" or part.startswith("--seed=") for part in command)
    return shlex.join([*command, *([] if given else ["--seed", str(run.seed)])])
