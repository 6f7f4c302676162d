"""Markdown: the report in a form that fits a README or a pull request."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tandem import formats
from tandem.judge.metrics import METRICS
from tandem.judge.summary import Summary
from tandem.judge.verdict import Ratio
from tandem.report import sentences, wording
from tandem.report.charts import Chart


def render(summary: Summary, charts: Sequence[Chart]) -> str:
    """Return verdict, badge, picture, headline table and provenance."""
    first, *rest = sentences.texts(sentences.verdict(summary))
    parts = [
        f"**{_text(first)}**",
        "\n".join(f"- {_text(sentence)}" for sentence in rest),
        f"`{_plain(sentences.badge(summary))}`",
        _disturbed(summary),
        _picture(charts),
        _table(summary),
        _provenance(summary),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _disturbed(summary: Summary) -> str:
    rejected = [
        f"round {f.round}, {f.scenario} on {f.stack}: {', '.join(wording.causes(f.causes))}"
        for f in summary.disturbances.rejected
    ]
    more = f" and {len(rejected) - 5} more" if len(rejected) > 5 else ""
    return f"Rejected for causes outside the stacks: {_text('; '.join(rejected[:5]))}{more}." if rejected else ""


def _picture(charts: Sequence[Chart]) -> str:
    found = [chart for chart in charts if chart.name == "ratios"]
    return f"![{_text(found[0].title)}](img/{found[0].name}.svg)" if found else ""


def _table(summary: Summary) -> str:
    shown = [c for c in summary.comparisons if c.kind != "exploratory"]
    if not shown:
        return ""
    head = ["scenario", "metric", "stack", "baseline", "value", "ratio", "interval", "verdict"]
    rows = [_row(summary, comparison) for comparison in shown]
    return "\n".join([_line(head), _line(["---"] * len(head)), *(_line(row) for row in rows)])


def _row(summary: Summary, c: Ratio) -> list[str]:
    measures = {(m.scenario, m.stack): m for m in summary.measures}
    theirs, ours = (wording.absolute(measures[c.scenario, name], METRICS[c.metric]) for name in (c.baseline, c.stack))
    return [
        _text(c.scenario),
        METRICS[c.metric].title,
        _text(c.stack),
        theirs,
        ours,
        formats.times(c.estimate),
        wording.levelled(c),
        c.verdict,
    ]


def _provenance(summary: Summary) -> str:
    where = summary.run.provenance
    dirty = {True: ", with uncommitted changes", False: "", None: ""}[where.dirty]
    return (
        f"Baseline {_text(summary.run.baseline)}; profile {_text(summary.run.profile)}, seed {summary.run.seed}. "
        f"Commit {_text((where.commit or 'unknown')[:12])}{dirty}; {_text(where.date)}; Python {_text(where.python)}, nginx "
        f"{_text(where.nginx)}, {_text(where.database())}; {_text(where.cpu_model)}, "
        f"{formats.count(len(where.cpus), 'CPU')}{', virtualised' if where.virtualised else ''}, kernel {_text(where.kernel)}. "
        "Ratios travel to other machines, absolute values don't."
    )


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _plain(text: str) -> str:
    return " ".join(text.replace("`", "'").split())


def _text(text: str) -> str:
    """Return the text so that Markdown and the HTML in it take every character as it is."""
    return re.sub(r"([\\`*_{}\[\]<>#|~&!])", r"\\\1", " ".join(text.split())).replace("\\_", "_")
