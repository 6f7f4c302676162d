"""Validity: may a block be believed? Only causes outside the stack count (docs/method.md), and here is the one table.

The limits are a starting point. A dispatch lag below 0.5 ms is never suspect: on a quiet machine its p99 was 0.22 to
0.55 ms in 54 blocks (`read` and `everyday` of the sample run) whose response p99 was about 2.5 ms, so a tenth of that
marked every block and told nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Literal

import msgspec

from tandem.records.block import Block, Interference

Word = Literal["VALID", "SUSPECT", "INVALID"]
WORDS: tuple[Word, ...] = ("VALID", "SUSPECT", "INVALID")  # from good to bad


class Limit(msgspec.Struct, frozen=True, kw_only=True):
    """One cause: up to a limit nothing is wrong, beyond it the block is SUSPECT or INVALID."""

    title: str
    value: Callable[[Block], float | None]  # in `unit`; None: this machine doesn't tell
    unit: str
    suspect: float | None  # None: nothing is only suspect
    invalid: float
    suspect_of_p99: float | None = None  # suspect also beyond this part of the response time's p99, in ms,
    suspect_from: float = 0.0  # but never up to this

    def suspect_limit(self, block: Block) -> float | None:
        """Return the limit beyond which this block is suspect."""
        if self.suspect_of_p99 is None or block.p99_ms is None or self.suspect is None:
            return self.suspect
        return min(self.suspect, max(self.suspect_from, self.suspect_of_p99 * block.p99_ms))

    def exceeded(self, block: Block) -> tuple[Word, float]:
        """Return the word that this cause alone gives the block, and the limit that decided (0 where none did)."""
        value, suspect = self.value(block), self.suspect_limit(block)
        if value is None:
            return "VALID", 0.0
        if value > self.invalid:
            return "INVALID", self.invalid
        if suspect is not None and value > suspect:
            return "SUSPECT", suspect
        return "VALID", 0.0


def _share(title: str, unit: str, suspect: float, invalid: float, of: Callable[[Interference], float | None]) -> Limit:
    """A cause of interference that is a share, limits in percent."""

    def value(block: Block) -> float | None:
        share = of(block.interference)
        return None if share is None else 100 * share

    return Limit(title=title, value=value, unit=unit, suspect=suspect, invalid=invalid)


TIME, CPU = "% of the time", "% of one CPU"

LAG = Limit(
    title="dispatch lag p99", value=lambda block: block.dispatch_lag_p99_ms, unit="ms",
    suspect=1, invalid=5, suspect_of_p99=0.1, suspect_from=0.5,
)  # fmt: skip
WAITING = _share("generator waiting for its CPU", TIME, 2, 5, lambda around: around.generator_waiting_share)
GENERATOR = _share("CPU used by the generator", CPU, 60, 85, lambda around: around.generator_cpu_share)
OTHERS = _share("CPU used by anyone else", CPU, 3, 10, lambda around: around.others_cpu_share)
STEAL = _share("CPU stolen by the hypervisor", TIME, 0.5, 2, lambda around: around.steal_share)
THROTTLED = _share("held back by a CPU quota", TIME, 0.5, 2, lambda around: around.throttled_share)
ACCOUNTING = Limit(
    title="samples missing or asked for otherwise", unit="arrivals", suspect=None, invalid=0,
    value=lambda block: float(block.unaccounted + block.asked_otherwise),
)  # fmt: skip

LIMITS = (LAG, WAITING, GENERATOR, OTHERS, STEAL, THROTTLED, ACCOUNTING)


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """What a block or a round is worth, and why."""

    word: Word
    causes: list[str]  # one sentence each, those that invalidate first


def judge(block: Block) -> Judged:
    """Judge one block. What this machine doesn't tell is not judged here: `unreadable` names it."""
    found = [(*limit.exceeded(block), limit) for limit in LIMITS]
    bad = [(word, beyond(limit, limit.value(block) or 0.0, most)) for word, most, limit in found if word != "VALID"]
    causes = [sentence for word in reversed(WORDS) for each, sentence in bad if each == word]
    return Judged(word=worst(word for word, _ in bad), causes=causes)


def judge_round(blocks: Iterable[Block]) -> Judged:
    """Judge a round: it is worth what its worst block is."""
    judged = [(block, judge(block)) for block in blocks]
    causes = [
        f"{block.stack}, {block.scenario}: {cause}"
        for word in reversed(WORDS)
        for block, each in judged
        if each.word == word
        for cause in each.causes
    ]
    return Judged(word=worst(each.word for _, each in judged), causes=causes)


def worst(words: Iterable[Word]) -> Word:
    """Return the worst of these words, VALID where there are none."""
    return max(words, key=WORDS.index, default="VALID")


def unreadable(block: Block) -> list[str]:
    """Return what can't be judged because this machine doesn't tell it, as reasons why a run's numbers are suspect."""
    return [
        f"{limit.title}: this machine doesn't tell, so nothing of the kind can be noticed"
        for limit in LIMITS
        if limit.value(block) is None
    ]


def rows() -> list[tuple[str, str, str]]:
    """Return the table for reading: cause, suspect beyond, invalid beyond."""
    return [(limit.title, _suspect(limit), f"> {limit.invalid:g} {limit.unit}") for limit in LIMITS]


def _suspect(limit: Limit) -> str:
    if limit.suspect is None:
        return "–"
    part = ""
    if limit.suspect_of_p99 is not None:
        part = f", or > {limit.suspect_from:g} {limit.unit} and > {limit.suspect_of_p99:.0%} of the response time's p99"
    return f"> {limit.suspect:g} {limit.unit}{part}"


def beyond(limit: Limit, value: float, most: float) -> str:
    """Return, for example, `dispatch lag p99 6.1 ms, limit 5 ms`; value and limit in the unit of this cause."""
    return f"{limit.title} {_above(value, most)} {limit.unit}, limit {most:.3g} {limit.unit}"


def _above(value: float, limit: float) -> str:
    """Return a number with one decimal, or as many as it takes to see that it is above the limit."""
    texts = (f"{value:.{decimals}f}" for decimals in range(1, 9))
    shown = next((text for text in texts if float(text) > float(f"{limit:.3g}")), f"{value!r}")
    return shown.removesuffix(".0")
