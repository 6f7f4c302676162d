"""Verdicts: what a ratio can earn, and the rules that give or withhold them, fixed in advance."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence
from typing import Literal

import msgspec

from tandem import formats, statistics
from tandem.judge.measures import Measures
from tandem.judge.metrics import Metric
from tandem.judge.rounds import Rounds
from tandem.records.setup import Load, Run
from tandem.rules import (
    ACHIEVED_LIMIT,
    BACKLOG_LIMIT,
    ERROR,
    FAILED_LIMIT,
    INTERMITTENT,
    NO_DIFFERENCE_ERROR,
    P99_BLOCK,
    P99_SECONDS,
    P99_STACK,
)

Verdict = Literal["better", "worse", "no practical difference", "undecided", "not judged"]
Kind = Literal["headline", "decoy", "exploratory"]


class Interval(msgspec.Struct, frozen=True, kw_only=True):
    """Where the true ratio lies with a confidence of `level`."""

    level: float
    low: float
    high: float


class Ratio(msgspec.Struct, frozen=True, kw_only=True):
    """One metric of one stack against the baseline: the ratio of every valid round, and what follows from them."""

    scenario: str
    metric: str  # the key of its row
    stack: str
    baseline: str
    kind: Kind
    rounds: list[int]
    ratios: list[float]  # stack ÷ baseline, or stack − baseline for a difference; one per entry of `rounds`
    attempts_all: int  # complete attempts with a ratio, the rejected ones included
    estimate_all: float | None  # the estimate over all of these, to be set against `estimate`
    confidence: float  # of the interval that “better” and “worse” are decided on
    estimate: float | None  # Hodges–Lehmann; None without ratios
    decided_by: Interval | None  # the interval that the verdict follows from; None where the rounds are too few for it
    adjusted: Interval | None  # of `confidence`
    narrow: Interval | None  # of 90 %, which “no practical difference” is decided on
    delta: float
    smallest: (
        float | None
    )  # the smallest effect, as a ratio above 1 or a difference above 0, that this run could have judged
    verdict: Verdict
    reason: str  # why there is no verdict, or none more decided; empty where the verdict needs no reason


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """Arrivals without a good answer, which may be none, so that no ratio can be formed: a stack's share less the baseline's."""

    scenario: str
    stack: str
    baseline: str
    rounds: list[int]
    points: list[float]  # percentage points, one per entry of `rounds`; below 0 is better
    confidence: float
    estimate: float | None  # Hodges–Lehmann
    low: float | None
    high: float | None


def run_not_judged(rounds: Rounds, ratios: int) -> str | None:
    """Return why this run gives no verdict to anything, or None where its verdicts may be given; `ratios` is m."""
    run, valid = rounds.run, len(rounds.valid)
    if any(len(set(where.cpus)) < 2 for where in rounds.provenances):
        return "no verdict: one CPU only, shared by the stack and the load"
    if not statistics.enough_rounds(rounds.planned, ratios, rounds.looks):
        needed = statistics.smallest_rounds(ratios, rounds.looks)
        return (
            f"no verdict: exploratory, {formats.count(rounds.planned, 'round')} planned and "
            f"{formats.count(ratios, 'headline ratio')} need {needed}"
        )
    if not any(stack.decoy_of == run.baseline for stack in run.stacks):
        return "no verdict: no decoy in this run"
    if rounds.measured < rounds.planned:
        return f"no verdict: broken off after {rounds.measured} of {rounds.planned} rounds"
    if valid < rounds.planned and not statistics.enough_rounds(valid, ratios, rounds.looks):
        needed = statistics.smallest_rounds(ratios, rounds.looks)
        subject = f"{ratios} headline ratio{' needs' if ratios == 1 else 's need'}"
        return f"no verdict: only {valid} of {rounds.planned} rounds were valid, {subject} {needed}"
    return None


def cannot_serve(measures: Measures) -> list[str]:
    """Return in what the stack misses the service level at the rate that it was asked; empty where it serves it."""
    found = []
    good = 1 - measures.failed_share
    if measures.failed_share >= FAILED_LIMIT:
        found.append(
            f"{formats.percent(measures.failed_share)} of its arrivals failed (limit {formats.percent(FAILED_LIMIT)})"
        )
    if good < ACHIEVED_LIMIT:
        found.append(
            f"it answered {formats.percent(good)} of them well (at least {formats.percent(ACHIEVED_LIMIT)} is asked for)"
        )
    if measures.backlog_share > BACKLOG_LIMIT:
        share = f"{formats.percent(measures.backlog_share)} of its arrivals"
        found.append(f"its requests in flight grew by {share} (limit {formats.percent(BACKLOG_LIMIT)})")
    return found


def ratio_not_judged(
    run: Run, load: Load, metric: Metric, pair: Sequence[Measures], ratios: Collection[float], missing: int
) -> str | None:
    """Return why this one comparison gets no verdict although the run gives verdicts, or None.

    `pair` is the measures of the baseline and of the other stack, `missing` the number of valid rounds without a ratio.
    """
    failing = _failing(pair) if metric.at_rate else None
    if failing or missing:
        return failing or f"{metric.title} was not there or not reached in {formats.count(missing, 'round')}"
    if metric.pooled == "p99" and run.profile == "quick":
        return "quick runs never say p99"
    if metric.pooled == "p99" and (short := _too_small_for_p99(load, pair)):
        return short
    return _intermittent(metric, pair, ratios)


def compare(
    rounds: dict[int, float], *, scenario: str, metric: Metric, stack: str, baseline: str, kind: Kind, headlines: int,
    not_judged: str | None, quick: bool, looks: int = 1, everything: Sequence[float] = (),
) -> Ratio:  # fmt: skip
    """Judge the ratios of a comparison, given by round; `headlines` is m, `not_judged` a reason that overrules the numbers.

    `everything` holds the ratios of all complete attempts; they are shown beside the others and decide nothing.
    """
    error = statistics.share_of_error(headlines, looks) if kind != "exploratory" else ERROR
    logs = _scaled(metric, rounds.values())
    estimate = statistics.estimate(logs) if logs else None
    bounds, bounds90 = statistics.interval(logs, error), statistics.interval(logs, NO_DIFFERENCE_ERROR)
    effect = statistics.smallest_effect(logs, error)
    verdict, reason = _verdict(metric, estimate, bounds, bounds90, quick)
    if kind == "exploratory" or not_judged:
        verdict, reason = "not judged", not_judged or "exploratory"
    adjusted, narrow = _interval(metric, bounds, 1 - error), _interval(metric, bounds90, 1 - NO_DIFFERENCE_ERROR)
    return Ratio(
        scenario=scenario,
        metric=metric.key,
        stack=stack,
        baseline=baseline,
        kind=kind,
        rounds=list(rounds),
        ratios=list(rounds.values()),
        attempts_all=len(everything),
        estimate_all=_back(metric, statistics.estimate(_scaled(metric, everything))) if everything else None,
        confidence=1 - error,
        estimate=None if estimate is None else _back(metric, estimate),
        decided_by=narrow if verdict == "no practical difference" else adjusted,
        adjusted=adjusted,
        narrow=narrow,
        delta=metric.delta,
        smallest=None if effect is None else _back(metric, max(effect, _band(metric))),
        verdict=verdict,
        reason=reason,
    )


def differ(rounds: dict[int, float], *, scenario: str, stack: str, baseline: str) -> Difference:
    """Put differences, given by round in percentage points, together: exploratory, so with a 95 % interval and no verdict."""
    points = list(rounds.values())
    bounds = statistics.interval(points, ERROR)
    return Difference(
        scenario=scenario,
        stack=stack,
        baseline=baseline,
        rounds=list(rounds),
        points=points,
        confidence=1 - ERROR,
        estimate=statistics.estimate(points) if points else None,
        low=bounds[0] if bounds else None,
        high=bounds[1] if bounds else None,
    )


Bounds = tuple[float, float] | None
QUICK_DIFFERENCE = "quick runs never say “no practical difference”"


def _verdict(
    metric: Metric, estimate: float | None, bounds: Bounds, bounds90: Bounds, quick: bool
) -> tuple[Verdict, str]:
    """Give the verdict for a log ratio or a difference with both its intervals, and the reason where it decides nothing."""
    if estimate is None or bounds is None or bounds90 is None:
        return "not judged", "too few rounds for the confidence that is asked for"
    band = _band(metric)
    if bounds[1] < 0 and estimate < -band:
        return "worse" if metric.higher_is_better else "better", ""
    if bounds[0] > 0 and estimate > band:
        return "better" if metric.higher_is_better else "worse", ""
    if -band < bounds90[0] and bounds90[1] < band:
        return ("undecided", QUICK_DIFFERENCE) if quick else ("no practical difference", "")
    return "undecided", "the interval is too wide" if bounds[0] <= 0 <= bounds[1] else "the effect is too close to δ"


def _scaled(metric: Metric, values: Iterable[float]) -> list[float]:
    """Return ratios on the log scale and differences as they are: no effect is 0 for both."""
    return [math.log(value) for value in values] if metric.compared == "ratio" else list(values)


def _back(metric: Metric, value: float) -> float:
    return math.exp(value) if metric.compared == "ratio" else value


def _band(metric: Metric) -> float:
    return math.log1p(metric.delta) if metric.compared == "ratio" else metric.delta


def _failing(pair: Sequence[Measures]) -> str | None:
    for measures in pair:
        if measures.silent_rounds:
            return f"{measures.stack} answered nothing in {formats.count(len(measures.silent_rounds), 'round')}"
        if missed := cannot_serve(measures):
            return f"{measures.stack} cannot serve this rate: {', '.join(missed)}"
    return None


def _too_small_for_p99(load: Load, pair: Sequence[Measures]) -> str | None:
    fewest, all_ = min(m.fewest_arrivals for m in pair), min(m.arrivals for m in pair)
    if load.seconds >= P99_SECONDS and fewest >= P99_BLOCK and all_ >= P99_STACK:
        return None
    return f"p99 needs blocks of {P99_SECONDS} s and {P99_BLOCK:,} arrivals, and {P99_STACK:,} per stack"


def _intermittent(metric: Metric, pair: Sequence[Measures], ratios: Collection[float]) -> str | None:
    """Compare the pooled percentiles' ratio with the round-wise one: stalls that come in few rounds pull them apart."""
    pooled = [_pooled(measures, metric.pooled) for measures in pair]
    if not ratios or pooled[0] is None or pooled[1] is None:
        return None
    apart = abs(math.log(pooled[1] / pooled[0]) - statistics.estimate([math.log(ratio) for ratio in ratios]))
    steady = apart <= math.log1p(INTERMITTENT)
    return None if steady else "intermittent: pooled and round-wise ratio differ by more than 25 %"


def _pooled(measures: Measures, name: Literal["p50", "p99"] | None) -> float | None:
    if measures.pooled is None or name is None:
        return None
    return (measures.pooled.p50_ms if name == "p50" else measures.pooled.p99_ms) or None


def _interval(metric: Metric, bounds: Bounds, level: float) -> Interval | None:
    return Interval(level=level, low=_back(metric, bounds[0]), high=_back(metric, bounds[1])) if bounds else None
