"""Sentences: what the verdict and the badge say. What speaks for a stack and what against it gets the same room."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec

from tandem import formats
from tandem.judge.metrics import METRICS
from tandem.judge.summary import Summary
from tandem.judge.verdict import Ratio, Verdict
from tandem.report import reasons, wording

MOST_LISTED = 12
"""More exploratory ratios than these are not listed: nothing follows from them."""


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """One ratio that a line names."""

    scenario: str
    metric: str
    stack: str
    estimate: float | None
    text: str  # the ratio with its interval, or why there is none


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the verdict: a sentence, or a title with the ratios that earned its verdict."""

    verdict: Verdict | Literal["exploratory"] | None = None  # None: a sentence about the run or a stack
    title: str
    items: list[Item] = []


def texts(lines: Iterable[Line]) -> list[str]:
    """Return lines as plain text: "Better: p50 of read 0.80× (…); CPU …."."""
    return [
        f"{line.title}: {'; '.join(item.text for item in line.items)}." if line.items else line.title for line in lines
    ]


VERDICT_TITLES: tuple[tuple[Verdict, str], ...] = (
    ("better", "Better"),
    ("worse", "Worse"),
    ("no practical difference", "No practical difference"),
    ("undecided", "Undecided"),
    ("not judged", "Not judged"),
)

REST: tuple[tuple[Verdict, str], ...] = (
    ("no practical difference", "without practical difference"),
    ("undecided", "undecided"),
    ("not judged", "not judged"),
)


def verdict(summary: Summary) -> list[Line]:
    """Return the lines of the verdict, the most important first; never empty."""
    headlines = [comparison for comparison in summary.comparisons if comparison.kind == "headline"]
    if summary.not_judged:
        return [
            Line(title=_capital(reasons.text(summary.not_judged)) + "."),
            *_exploratory(headlines),
            *_failures(summary),
            *replaced(summary),
        ]
    untrusted = _false(summary)
    lines = [_untrusted(untrusted)] if untrusted else []
    for stack in dict.fromkeys(comparison.stack for comparison in headlines):
        judged = [comparison for comparison in headlines if comparison.stack == stack]
        lines += _stack(judged, "Not to be relied on: " if untrusted else "")
    if not headlines:
        text = "No verdict: this run fixed no headline comparison in advance, so all its numbers are exploratory."
        lines.append(Line(title=text))
    return lines + _failures(summary) + replaced(summary)


def mark(summary: Summary) -> str:
    """Return what stands beside every value of a run that has no valid round; empty where they are of valid rounds."""
    return {
        "valid": "",
        "rejected": " – of rejected rounds, so nothing follows from it",
        "incomplete": " – no round is complete, so nothing follows from it",
    }[summary.shown]


def badge(summary: Summary) -> str:
    """Say in a line how far the run may be believed."""
    loads = summary.run.loads
    saturated = ["at saturation"] * any(load.saturates for load in loads)
    rates = [load.rate for load in loads if not load.saturates]
    driven = [*saturated, *([f"open loop {formats.offered(rates)}"] if rates else [])]
    valid = f"{summary.rounds_valid} of {summary.rounds_planned} rounds valid"
    return " · ".join([valid, _decoy(summary), *driven])


def _failures(summary: Summary) -> list[Line]:
    """Say which stack could not serve which scenario at its rate, and by what that shows."""
    return [
        Line(
            title=f"{f.stack} cannot serve {f.scenario} at {formats.offered([f.rate])}: {reasons.missed(f.missed)}; "
            "so its latency and CPU are not judged there."
            if f.rate
            else f"{f.stack} cannot be judged for {f.scenario}: {reasons.missed(f.missed)}{_examples(f.examples)}."
        )
        for f in summary.failing
    ]


def replaced(summary: Summary) -> list[Line]:
    """Say whose processes ended or began within its windows: what that costs is in its numbers, and is no framework's."""
    return [
        Line(
            title=f"{reasons.replaced(m)} within its windows of {m.scenario}, and what that cost is in its numbers: of its "
            f"{m.arrivals:,} arrivals there {m.failures + m.unfinished + m.dropped:,} got no good answer."
        )
        for m in summary.measures
        if summary.rounds_valid and (m.processes_ended or m.processes_begun or m.workers_replaced)
    ]


def _examples(found: Sequence[str]) -> str:
    return f", most often {formats.listed([f'“{text}”' for text in found])}" if found else ""


def _false(summary: Summary) -> list[Ratio]:
    """Return the verdicts that the decoy, equal to the baseline, earned."""
    return [c for c in summary.comparisons if c.kind == "decoy" and c.verdict in ("better", "worse")]


def _decoy(summary: Summary) -> str:
    """Say briefly what the decoy got."""
    judged = [c for c in summary.comparisons if c.kind == "decoy" and c.verdict != "not judged"]
    if summary.not_judged or not judged:
        return "decoy not judged"
    if false := _false(summary):
        return f"decoy got {formats.count(len(false), 'false verdict')} in {formats.count(len(judged), 'headline')}"
    return f"decoy passed: no false verdict in {formats.count(len(judged), 'headline')}"


def _untrusted(false: Sequence[Ratio]) -> Line:
    found = formats.listed([f"“{c.verdict}” for {wording.subject(c)} {_numbers(c)}" for c in false])
    return Line(
        title=f"UNTRUSTED: {false[0].stack}, which is {false[0].baseline} once more under another name, earned {found}. "
        "Whatever made two equal stacks differ may also have made the other verdicts; do not rely on them."
    )


def _stack(headlines: Sequence[Ratio], caution: str) -> list[Line]:
    stack, baseline = headlines[0].stack, headlines[0].baseline
    tally = {verdict: sum(comparison.verdict == verdict for comparison in headlines) for verdict, _ in VERDICT_TITLES}
    rest = [f"{tally[verdict]} {label}" for verdict, label in REST if tally[verdict]]
    first = (
        f"{caution}{stack} is better than {baseline} in {tally['better']} and worse in {tally['worse']} of "
        f"{formats.count(len(headlines), 'headline comparison')}" + (f" ({formats.listed(rest)})." if rest else ".")
    )
    return [
        Line(title=first),
        *(_list(headlines, verdict, title) for verdict, title in VERDICT_TITLES if tally[verdict]),
    ]


def _list(headlines: Sequence[Ratio], verdict: Verdict, title: str) -> Line:
    found = [_item(c, f"{wording.subject(c)} {_detail(c)}") for c in headlines if c.verdict == verdict]
    return Line(verdict=verdict, title=title, items=found)


def _item(c: Ratio, text: str) -> Item:
    return Item(scenario=c.scenario, metric=c.metric, stack=c.stack, estimate=c.estimate, text=text)


def _detail(comparison: Ratio) -> str:
    numbers = _numbers(comparison)
    if comparison.verdict == "not judged":
        return f"({reasons.text(comparison.reason)})"
    if comparison.verdict == "undecided" and comparison.smallest is not None:
        return f"{numbers}, smallest visible effect {wording.effect(METRICS[comparison.metric], comparison.smallest)}"
    return numbers


def _numbers(c: Ratio) -> str:
    shown = wording.effect(METRICS[c.metric], c.estimate)
    if c.decided_by is None:
        return f"{shown} (no interval: {formats.count(len(c.rounds), 'round')})"
    within = f", within {wording.delta(c)}" if c.verdict == "no practical difference" else ""
    floor = f"; {wording.floor(c)}" if c.floor and c.floor.share and wording.floor(c) else ""  # of p99 in the scorecard
    return f"{shown} ({wording.level(c)} interval {wording.interval(c)}{within}{floor})"


def _exploratory(headlines: Sequence[Ratio]) -> list[Line]:
    known = [_item(c, f"{c.stack}, {wording.subject(c)} {_numbers(c)}") for c in headlines if c.estimate is not None]
    if len(known) > MOST_LISTED:
        return [Line(title=f"No finding: {len(known)} exploratory ratios, which stand in the scorecard.")]
    return [Line(verdict="exploratory", title="Exploratory, no finding", items=known)] if known else []


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
