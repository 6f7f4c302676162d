"""Sentences: the lines of the verdict, computed from ratios. What speaks for a stack and what against it gets the same room."""

from __future__ import annotations

from collections.abc import Sequence

from tandem import formats
from tandem.judge import wording
from tandem.judge.conclusion import Item, Line
from tandem.judge.measures import Measures
from tandem.judge.verdict import Ratio, Verdict, cannot_serve
from tandem.records.setup import Load

SHOWN: tuple[tuple[Verdict, str], ...] = (
    ("better", "Better"),
    ("worse", "Worse"),
    ("no practical difference", "No practical difference"),
    ("undecided", "Undecided"),
    ("not judged", "Not judged"),
)


EXPLORATORY = "Exploratory, no finding"

REST: tuple[tuple[Verdict, str], ...] = (
    ("no practical difference", "without practical difference"),
    ("undecided", "undecided"),
    ("not judged", "not judged"),
)


def verdict(
    comparisons: Sequence[Ratio],
    measures: Sequence[Measures],
    loads: Sequence[Load],
    not_judged: str | None,
    untrusted: Sequence[Ratio],
) -> list[Line]:
    """Return the lines of the verdict, the most important first; never empty."""
    headlines = [comparison for comparison in comparisons if comparison.kind == "headline"]
    if not_judged:
        return [Line(title=_capital(not_judged) + "."), *_exploratory(headlines), *failures(measures, loads)]
    lines = [_untrusted(untrusted)] if untrusted else []
    for stack in dict.fromkeys(comparison.stack for comparison in headlines):
        judged = [comparison for comparison in headlines if comparison.stack == stack]
        lines += _stack(judged, "Not to be relied on: " if untrusted else "")
    if not headlines:
        text = "No verdict: this run fixed no headline comparison in advance, so all its numbers are exploratory."
        lines.append(Line(title=text))
    return lines + failures(measures, loads)


def failures(measures: Sequence[Measures], loads: Sequence[Load]) -> list[Line]:
    """Say which stack could not serve which scenario at its rate, and by what that shows."""
    rates = {load.scenario: load.rate for load in loads}
    return [
        Line(
            title=f"{m.stack} cannot serve {m.scenario} at {formats.offered([rates[m.scenario]])}: {', '.join(missed)}; "
            "so its latency and CPU are not judged there."
        )
        for m in measures
        if m.rounds and (missed := cannot_serve(m))
    ]


def decoy(comparisons: Sequence[Ratio], not_judged: str | None) -> str:
    """Say briefly what the decoy got."""
    judged = [
        comparison for comparison in comparisons if comparison.kind == "decoy" and comparison.verdict != "not judged"
    ]
    if not_judged or not judged:
        return "decoy not judged"
    false = [comparison for comparison in judged if comparison.verdict in ("better", "worse")]
    if false:
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
    tally = {verdict: sum(comparison.verdict == verdict for comparison in headlines) for verdict, _ in SHOWN}
    rest = [f"{tally[verdict]} {label}" for verdict, label in REST if tally[verdict]]
    first = (
        f"{caution}{stack} is better than {baseline} in {tally['better']} and worse in {tally['worse']} of "
        f"{formats.count(len(headlines), 'headline comparison')}" + (f" ({formats.listed(rest)})." if rest else ".")
    )
    return [Line(title=first), *(_list(headlines, verdict, title) for verdict, title in SHOWN if tally[verdict])]


def _list(headlines: Sequence[Ratio], verdict: Verdict, title: str) -> Line:
    found = [_item(c, f"{wording.subject(c)} {_detail(c)}") for c in headlines if c.verdict == verdict]
    return Line(verdict=verdict, title=title, items=found)


def _item(c: Ratio, text: str) -> Item:
    return Item(scenario=c.scenario, metric=c.metric, stack=c.stack, estimate=c.estimate, text=text)


def _detail(comparison: Ratio) -> str:
    numbers = _numbers(comparison)
    if comparison.verdict == "not judged":
        return f"({comparison.reason})"
    if comparison.verdict == "undecided" and comparison.smallest is not None:
        return f"{numbers}, smallest visible effect {formats.times(comparison.smallest)}"
    return numbers


def _numbers(c: Ratio) -> str:
    if c.decided_by is None:
        return f"{formats.times(c.estimate)} (no interval: {formats.count(len(c.rounds), 'round')})"
    within = f", within ±{c.delta:.0%}".replace("%", " %") if c.verdict == "no practical difference" else ""
    return f"{formats.times(c.estimate)} ({wording.level(c)} interval {wording.interval(c)}{within})"


def _exploratory(headlines: Sequence[Ratio]) -> list[Line]:
    known = [_item(c, f"{c.stack}, {wording.subject(c)} {_numbers(c)}") for c in headlines if c.estimate is not None]
    return [Line(verdict="exploratory", title=EXPLORATORY, items=known)] if known else []


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
