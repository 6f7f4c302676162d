"""Markdown: the report in a form that fits a README or a pull request."""

from __future__ import annotations

from collections.abc import Sequence

from tandem import formats
from tandem.judge import validity
from tandem.judge.summary import Summary
from tandem.judge.verdict import Ratio
from tandem.report import answers, capacity, cells, conditions, repairs, sentences, tables, wording
from tandem.report.answers import Question
from tandem.report.capacity import Section
from tandem.report.pictures import Chart
from tandem.report.tables import Cell, Table, escaped


def render(summary: Summary, charts: Sequence[Chart], searched: Section | None = None) -> str:
    """Return verdict, badge, picture, headline table and provenance."""
    first, *rest = sentences.texts(sentences.verdict(summary))
    asked = [_answer(answer) for answer in answers.answers(summary)]
    first = f"**{escaped(first)}**"
    parts = [
        # Whatever made a run untrustworthy comes before all that it says.
        *([first, *asked] if summary.state == "untrusted" else [*asked, first]),
        "\n".join(f"- {escaped(sentence)}" for sentence in rest),
        f"`{_plain(sentences.badge(summary))}`",
        _disturbed(summary),
        _picture(charts),
        _judged(summary),
        _repairs(summary),
        _differ(summary),
        *([f"## Capacity at a service level\n\n{capacity.paragraphs(searched)}"] if searched else []),
        _provenance(summary),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _answer(answer: Question) -> str:
    return f"**{escaped(answer.question)}**\n\n" + "\n".join(f"- {escaped(line)}." for line in answer.lines)


def _disturbed(summary: Summary) -> str:
    own = {id(f) for f in summary.disturbances.rejected if any(cause.key in validity.OWN for cause in f.causes)}
    rejected = [
        f"round {f.round}, {f.scenario} on {f.stack}: {', '.join(wording.causes(f.causes))}"
        for f in sorted(summary.disturbances.rejected, key=lambda f: id(f) not in own)
    ]
    why = "Rejected, first for what stacks did themselves" if own else "Rejected for causes outside the stacks"
    more = f" and {len(rejected) - 5} more" if len(rejected) > 5 else ""
    return f"{why}: {escaped('; '.join(rejected[:5]))}{more}." if rejected else ""


def _picture(charts: Sequence[Chart]) -> str:
    found = [chart for chart in charts if chart.name == "ratios"]
    return f"![{escaped(found[0].title)}](img/{found[0].name}.svg)" if found else ""


def _judged(summary: Summary) -> str:
    shown = [c for c in summary.comparisons if c.kind != "exploratory"]
    columns = ["scenario", "metric", "stack", "baseline", "value", "ratio", "interval", "verdict"]
    rows = [_row(summary, comparison) for comparison in shown]
    said = f"Values{sentences.mark(summary)}.\n\n" if sentences.mark(summary) else ""
    return said + tables.markdown(Table(name="judged", caption="", columns=columns, rows=rows)) if shown else ""


def _repairs(summary: Summary) -> str:
    """Return who is hurt by what, and what to do."""
    table = repairs.table(summary)
    return (
        f"## Who is hurt, and what to do\n\n{escaped(table.caption)}.\n\n{tables.markdown(table)}" if table.rows else ""
    )


def _row(summary: Summary, c: Ratio) -> list[Cell]:
    measures = {(m.scenario, m.stack): m for m in summary.measures}
    theirs, ours = (wording.compared(measures, c, name) for name in (c.baseline, c.stack))
    texts = [c.scenario, wording.titled(c), c.stack, theirs, ours]
    return [*map(cells.plain, texts), cells.effect(c, c.estimate), cells.interval(c, levelled=True), cells.verdict(c)]


def _differ(summary: Summary) -> str:
    """Return in what the stacks differ, folded: a reader of a pull request wants the verdicts first."""
    said, table = conditions.nothing_else(summary), conditions.differ(summary)
    shown = f"<details><summary>In what the stacks differ</summary>\n\n{tables.markdown(table)}\n\n</details>"
    return "\n\n".join(part for part in (shown if table.rows else "", said) if part)


def _provenance(summary: Summary) -> str:
    where = summary.run.provenance
    dirty = {True: ", with uncommitted changes", False: "", None: ""}[where.dirty]
    return (
        f"Baseline {escaped(summary.run.baseline)}; profile {escaped(summary.run.profile)}, seed {summary.run.seed}. "
        f"Commit {escaped((where.commit or 'unknown')[:12])}{dirty}; {escaped(where.date)}; Python {escaped(where.python)}, "
        f"nginx {escaped(where.nginx)}, {escaped(where.database())}; {escaped(where.cpu_model)}, "
        f"{formats.count(len(where.cpus), 'CPU')}{', virtualised' if where.virtualised else ''}, kernel {escaped(where.kernel)}. "
        "Ratios travel further than absolute values, and not everywhere: measure on yours."
    )


def _plain(text: str) -> str:
    return " ".join(text.replace("`", "'").split())
