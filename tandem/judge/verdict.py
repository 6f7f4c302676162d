"""Verdicts: what a ratio can earn, and the rules that give or withhold them, fixed in advance."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from typing import Literal

import msgspec

from tandem import statistics
from tandem.judge.floor import Floor
from tandem.judge.measures import Measures
from tandem.judge.metrics import Metric
from tandem.judge.reasons import Reason
from tandem.judge.rounds import Rounds
from tandem.judge.service_level import Service
from tandem.records.setup import Load, Run
from tandem.rules import (
    ERROR,
    INTERMITTENT,
    NO_DIFFERENCE_ERROR,
    P99_BLOCK,
    P99_SECONDS,
    P99_STACK,
)

Verdict = Literal["better", "worse", "no practical difference", "undecided", "not judged"]
RatioKind = Literal["headline", "decoy", "exploratory"]


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
    kind: RatioKind
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
    reason: Reason | None  # why there is no verdict, or none more decided; None where the verdict needs no reason
    floor: Floor | None = None  # nginx and generator alone, for a judged percentile; None where none was measured
    beyond: str = ""  # the load whose difference was taken from that of each round: the control of a kind that computes


def run_not_judged(rounds: Rounds, ratios: int) -> Reason | None:
    """Return why this run gives no verdict to anything, or None where its verdicts may be given; `ratios` is m."""
    run, valid, needed = rounds.run, len(rounds.valid), statistics.smallest_rounds(ratios, rounds.looks)
    if any(len(set(where.cpus)) < 2 for where in rounds.provenances):
        return Reason(code="one CPU")
    if not statistics.enough_rounds(rounds.planned, ratios, rounds.looks):
        return Reason(code="too few rounds planned", rounds=rounds.planned, ratios=ratios, needed=needed)
    if not any(stack.decoy_of == run.baseline for stack in run.stacks):
        return Reason(code="no decoy")
    if rounds.measured < rounds.planned:
        return Reason(code="broken off", rounds=rounds.measured, planned=rounds.planned)
    if valid < rounds.planned and not statistics.enough_rounds(valid, ratios, rounds.looks):
        return Reason(code="too few rounds valid", rounds=valid, planned=rounds.planned, ratios=ratios, needed=needed)
    return None


def ratio_not_judged(
    run: Run,
    load: Load,
    metric: Metric,
    pair: Sequence[Measures],
    services: Sequence[Service],
    ratios: Collection[float],
    missing: int,
) -> Reason | None:
    """Return why this one comparison gets no verdict although the run gives verdicts, or None.

    `pair` is the measures of the baseline and of the other stack, `services` how they served, `missing` the number of valid
    rounds without a ratio.
    """
    if metric.at_rate and (failing := next((served.reason for served in services if served.reason), None)):
        return failing
    refusing = next((m.stack for m in pair if m.harm and not m.harm.completes), None)
    if metric.loads == "blocking" and refusing:
        return Reason(code="blockers not completed", stack=refusing)
    if missing:
        return Reason(code="not reached", metric=metric.key, rounds=missing)
    if metric.pooled == "p99" and run.large_only:
        return Reason(code="p99 in a quick run")
    if metric.pooled == "p99" and _too_small_for_p99(load, pair):
        return Reason(code="too little for p99")
    return Reason(code="intermittent") if _intermittent(metric, pair, ratios) else None


def compare(
    rounds: dict[int, float], *, scenario: str, metric: Metric, stack: str, baseline: str, kind: RatioKind, headlines: int,
    not_judged: Reason | None, quick: bool, looks: int = 1, everything: Sequence[float] = (), at_least: Collection[str] = (),
    beyond: str = "",
) -> Ratio:  # fmt: skip
    """Judge the ratios of a comparison, given by round; `headlines` is m, `not_judged` a reason that overrules the numbers.

    `everything` holds the ratios of all complete attempts; they are shown beside the others and decide nothing. `beyond` is the
    load whose own difference was taken from each. `at_least` are stacks that may do better than was seen: neither can be called
    worse, nor be alike.
    """
    error = statistics.share_of_error(headlines, looks) if kind != "exploratory" else ERROR
    logs = [metric.scale(value) for value in rounds.values()]
    estimate = statistics.estimate(logs) if logs else None
    bounds, bounds90 = statistics.interval(logs, error), statistics.interval(logs, NO_DIFFERENCE_ERROR)
    effect = statistics.smallest_effect(logs, error)
    verdict, reason = _verdict(metric, estimate, bounds, bounds90, quick)
    verdict, reason = _limited(verdict, reason, stack, baseline, at_least)
    if kind == "exploratory" or not_judged:
        verdict, reason = "not judged", not_judged or Reason(code="exploratory")
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
        estimate_all=metric.estimate(everything),
        confidence=1 - error,
        estimate=None if estimate is None else metric.restore(estimate),
        decided_by=narrow if verdict == "no practical difference" else adjusted,
        adjusted=adjusted,
        narrow=narrow,
        delta=metric.delta,
        smallest=None if effect is None else metric.restore(max(effect, metric.band)),
        verdict=verdict,
        reason=reason,
        beyond=beyond,
    )


IntervalEnds = tuple[float, float] | None


def _verdict(
    metric: Metric, estimate: float | None, bounds: IntervalEnds, bounds90: IntervalEnds, quick: bool
) -> tuple[Verdict, Reason | None]:
    """Give the verdict for a log ratio or a difference with both its intervals, and the reason where it decides nothing."""
    if estimate is None or bounds is None or bounds90 is None:
        return "not judged", Reason(code="too few rounds")
    band = metric.band
    if bounds[1] < 0 and estimate < -band:
        return "worse" if metric.higher_is_better else "better", None
    if bounds[0] > 0 and estimate > band:
        return "better" if metric.higher_is_better else "worse", None
    if -band < bounds90[0] and bounds90[1] < band:
        return ("undecided", Reason(code="equality in a quick run")) if quick else ("no practical difference", None)
    return "undecided", Reason(code="interval too wide" if bounds[0] <= 0 <= bounds[1] else "effect close to δ")


def _limited(
    verdict: Verdict, reason: Reason | None, stack: str, baseline: str, at_least: Collection[str]
) -> tuple[Verdict, Reason | None]:
    """Take back what can't be said where the generator was the limit: that the limited side is worse, or both alike."""
    worse = {"better": baseline, "worse": stack}.get(verdict)
    limited = [name for name in (baseline, stack) if name in at_least]
    if worse in limited or (limited and verdict == "no practical difference"):
        return "undecided", Reason(code="generator was the limit", stacks=limited)
    return verdict, reason


def _too_small_for_p99(load: Load, pair: Sequence[Measures]) -> bool:
    fewest, all_ = min(m.fewest_arrivals for m in pair), min(m.arrivals for m in pair)
    return load.seconds < P99_SECONDS or fewest < P99_BLOCK or all_ < P99_STACK


def _intermittent(metric: Metric, pair: Sequence[Measures], ratios: Collection[float]) -> bool:
    """Compare the pooled percentiles' ratio with the round-wise one: stalls that come in few rounds pull them apart."""
    pooled = [_pooled(measures, metric.pooled) for measures in pair]
    if not ratios or pooled[0] is None or pooled[1] is None:
        return False
    apart = abs(math.log(pooled[1] / pooled[0]) - statistics.estimate([math.log(ratio) for ratio in ratios]))
    return apart > math.log1p(INTERMITTENT)


def _pooled(measures: Measures, name: Literal["p50", "p99"] | None) -> float | None:
    if measures.pooled is None or name is None:
        return None
    return (measures.pooled.p50_ms if name == "p50" else measures.pooled.p99_ms) or None


def _interval(metric: Metric, bounds: IntervalEnds, level: float) -> Interval | None:
    return Interval(level=level, low=metric.restore(bounds[0]), high=metric.restore(bounds[1])) if bounds else None
