"""Sentences: the verdict in words, computed from comparisons. What speaks for a stack and what against it gets the same room."""

from __future__ import annotations

from collections.abc import Sequence

from tandem import formats
from tandem.judge import wording
from tandem.judge.measures import Measures
from tandem.judge.verdict import Comparison, Word, cannot_serve
from tandem.records.setup import Load

SHOWN: tuple[tuple[Word, str], ...] = (
    ("better", "Better"),
    ("worse", "Worse"),
    ("no practical difference", "No practical difference"),
    ("undecided", "Undecided"),
    ("no word", "No word"),
)


EXPLORATORY = "Exploratory, no finding"

REST: tuple[tuple[Word, str], ...] = (
    ("no practical difference", "without practical difference"),
    ("undecided", "undecided"),
    ("no word", "without a word"),
)


def verdict(
    comparisons: Sequence[Comparison],
    measures: Sequence[Measures],
    loads: Sequence[Load],
    withheld: str | None,
    untrusted: Sequence[Comparison],
) -> list[str]:
    """Return the sentences of the verdict, the most important first; never empty."""
    headlines = [comparison for comparison in comparisons if comparison.kind == "headline"]
    if withheld:
        return [_capital(withheld) + ".", *_exploratory(headlines), *failures(measures, loads)]
    sentences = [_untrusted(untrusted)] if untrusted else []
    for stack in dict.fromkeys(comparison.stack for comparison in headlines):
        judged = [comparison for comparison in headlines if comparison.stack == stack]
        sentences += _stack(judged, "Not to be relied on: " if untrusted else "")
    if not headlines:
        sentences.append(
            "No verdict: this run fixed no headline comparison in advance, so all its numbers are exploratory."
        )
    return sentences + failures(measures, loads)


def failures(measures: Sequence[Measures], loads: Sequence[Load]) -> list[str]:
    """Say which stack could not serve which scenario at its rate, and by what that shows."""
    rates = {load.scenario: load.rate for load in loads}
    return [
        f"{m.stack} cannot serve {m.scenario} at {formats.offered([rates[m.scenario]])}: {', '.join(missed)}; "
        "so it gets no word on latency and CPU there."
        for m in measures
        if m.rounds and (missed := cannot_serve(m))
    ]


def decoy(comparisons: Sequence[Comparison], withheld: str | None) -> str:
    """Say in a few words what the decoy got."""
    judged = [comparison for comparison in comparisons if comparison.kind == "decoy" and comparison.word != "no word"]
    if withheld or not judged:
        return "decoy not judged"
    false = [comparison for comparison in judged if comparison.word in ("better", "worse")]
    if false:
        return f"decoy got {formats.count(len(false), 'false word')} in {formats.count(len(judged), 'headline')}"
    return f"decoy passed: no false word in {formats.count(len(judged), 'headline')}"


def _untrusted(false: Sequence[Comparison]) -> str:
    found = formats.listed([f"“{c.word}” for {wording.subject(c)} {_numbers(c)}" for c in false])
    return (
        f"UNTRUSTED: {false[0].stack}, which is {false[0].baseline} once more under another name, earned {found}. "
        "Whatever made two equal stacks differ may also have made the other words; do not rely on them."
    )


def _stack(headlines: Sequence[Comparison], caution: str) -> list[str]:
    stack, baseline = headlines[0].stack, headlines[0].baseline
    tally = {word: sum(comparison.word == word for comparison in headlines) for word, _ in SHOWN}
    rest = [f"{tally[word]} {label}" for word, label in REST if tally[word]]
    first = (
        f"{caution}{stack} is better than {baseline} in {tally['better']} and worse in {tally['worse']} of "
        f"{formats.count(len(headlines), 'headline comparison')}" + (f" ({formats.listed(rest)})." if rest else ".")
    )
    return [first, *(_list(headlines, word, title) for word, title in SHOWN if tally[word])]


def _list(headlines: Sequence[Comparison], word: Word, title: str) -> str:
    found = [f"{wording.subject(c)} {_detail(c)}" for c in headlines if c.word == word]
    return f"{title}: {'; '.join(found)}."


def _detail(comparison: Comparison) -> str:
    numbers = _numbers(comparison)
    if comparison.word == "no word":
        return f"({comparison.reason})"
    if comparison.word == "undecided" and comparison.smallest is not None:
        return f"{numbers}, smallest visible effect {formats.times(comparison.smallest)}"
    return numbers


def _numbers(c: Comparison) -> str:
    if c.decided_by is None:
        return f"{formats.times(c.estimate)} (no interval: {formats.count(len(c.rounds), 'round')})"
    within = f", within ±{c.delta:.0%}".replace("%", " %") if c.word == "no practical difference" else ""
    return f"{formats.times(c.estimate)} ({wording.level(c)} interval {wording.interval(c)}{within})"


def _exploratory(headlines: Sequence[Comparison]) -> list[str]:
    known = [f"{c.stack}, {wording.subject(c)} {_numbers(c)}" for c in headlines if c.estimate is not None]
    return [f"{EXPLORATORY}: {'; '.join(known)}."] if known else []


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
