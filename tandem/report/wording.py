"""Wording: what was judged, as people read it. No conclusion is drawn here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from tandem import formats
from tandem.formats import NOTHING, beyond, bounds, confidence, milliseconds, reach
from tandem.judge.measures import Measures, Pooled
from tandem.judge.metrics import LATE, METRICS, Metric
from tandem.judge.prediction import Prediction
from tandem.judge.validity import Cause
from tandem.judge.verdict import Ratio
from tandem.rules import shown

Percentile = Literal["p50", "p90", "p99", "p999"]

WORTH_SAYING = 0.01
"""Share of a response time below which nginx and generator are not mentioned."""

PHASES = ("before", "while blocked", "after")
"""The phases of a window with blockers, in the order in which what was measured of them is kept."""

MANY = 4
"""From so many challengers on a sentence holds values, the best first, and verdicts: ratios stand in the scorecard."""


def named(challengers: Sequence[str]) -> str:
    """Return their names; of many, how many they are."""
    return ", ".join(challengers) if len(challengers) <= MANY else f"{len(challengers)} stacks"


def effect(metric: Metric, value: float | None) -> str:
    """Write a ratio, or a difference with its unit: 0.87×, +1.1 points."""
    if value is None:
        return NOTHING
    return formats.times(value) if metric.compared == "ratio" else formats.difference(value, metric.unit)


def delta(c: Ratio) -> str:
    """Write what makes no practical difference: ±10 %, ±0.1 points."""
    metric = METRICS[c.metric]
    return f"±{100 * c.delta:g} %" if metric.compared == "ratio" else f"±{c.delta:g} {metric.unit}"


def better_where(metrics: Iterable[Metric]) -> str:
    """Say on which side of no effect these metrics are better: "below 1 is better", "above 0 is better for throughput"."""
    found = list(dict.fromkeys(metrics))
    sides: dict[str, list[str]] = {}
    for metric in found:
        side = f"{'above' if metric.higher_is_better else 'below'} {metric.none:g}"
        sides.setdefault(side, []).append(metric.title)
    if len(sides) == 1:
        return f"{next(iter(sides))} is better"
    return "; ".join(f"{side} is better for {formats.listed(titles)}" for side, titles in sides.items())


def deltas(metrics: Iterable[Metric]) -> str:
    """Say from which difference on each metric matters, its δ; of a ratio the same where many have it."""
    found: dict[str, list[str]] = {}
    for metric in metrics:
        much = formats.percent(metric.delta) if metric.compared == "ratio" else f"{metric.delta:g} {metric.unit}"
        if metric.key == LATE.key:
            much = f"a harm ratio of {metric.delta:g}"
        found.setdefault(much, []).append(metric.title)
    return "; ".join(f"{much} for {formats.listed(titles)}" for much, titles in found.items())


def interval(comparison: Ratio) -> str:
    """Write the interval that decided: 1.70–1.98, or +0.2 to +1.1 for a difference."""
    found = comparison.decided_by
    if found is None or METRICS[comparison.metric].compared == "ratio":
        return bounds(found.low, found.high) if found else bounds(None, None)
    return f"{formats.signed(found.low)} to {formats.signed(found.high)}"


def level(comparison: Ratio) -> str:
    """Write the confidence of the interval that decided: 90 %, 99.3 %."""
    return confidence(comparison.decided_by.level) if comparison.decided_by else NOTHING


def levelled(comparison: Ratio) -> str:
    """Write the interval that decided with its confidence: 1.70–1.98 (99.3 %)."""
    return f"{interval(comparison)} ({level(comparison)})" if comparison.decided_by else interval(comparison)


def expected(prediction: Prediction) -> str:
    """Write a predicted p50: 100 ms, 100–112 ms where requests queue, or that the stack can't serve the rate."""
    low, high = milliseconds(prediction.p50_ms), milliseconds(prediction.p50_most_ms)
    if prediction.p50_ms is None:
        return "cannot serve this rate"
    return low if low == high else f"{low.removesuffix(' ms')}–{high}"


def value(measures: Measures, metric: Metric) -> float | None:
    """Return a measure's value of a metric, as `absolute` writes it."""
    if metric.pooled is not None and measures.pooled is not None:
        return known(measures.pooled, metric.pooled)
    found: float | None = getattr(measures, metric.field)
    if metric.pooled is not None and not shown(metric.pooled, measures.arrivals):
        return None
    return found


def absolute(measures: Measures, metric: Metric) -> str:
    """Write a measure's value of a metric; percentiles are those of the pooled samples where they were read."""
    if metric.pooled is not None:
        return percentile(measures, metric.pooled)
    return metric.show(getattr(measures, metric.field))


def compared(measures: Mapping[tuple[str, str], Measures], comparison: Ratio, stack: str) -> str:
    """Write a stack's value of what is compared, and beside it that of its control, where only what lies beyond is."""
    metric = METRICS[comparison.metric]
    own = absolute(measures[comparison.scenario, stack], metric)
    return f"{own}, control {absolute(measures[comparison.beyond, stack], metric)}" if comparison.beyond else own


def percentile(measures: Measures, name: Percentile) -> str:
    """Write a percentile: "not reached" where too many requests failed, "–" where there are too few samples for it."""
    if measures.pooled is None:
        value = {"p50": measures.p50_ms, "p99": measures.p99_ms}.get(name)
        return milliseconds(value if shown(name, measures.arrivals) else None)
    return pooled_percentile(measures.pooled, name)


def pooled_percentile(pooled: Pooled, name: Percentile) -> str:
    """Write a percentile of pooled samples in the same way."""
    return reach(known(pooled, name)) if shown(name, pooled.samples) else NOTHING


def known(pooled: Pooled, name: Percentile) -> float | None:
    """Return a percentile of pooled samples; None where it was not reached, or there are too few samples for it."""
    value = {"p50": pooled.p50_ms, "p90": pooled.p90_ms, "p99": pooled.p99_ms, "p999": pooled.p999_ms}[name]
    return value if shown(name, pooled.samples) else None


def causes(found: Iterable[Cause]) -> list[str]:
    """Write what disturbed a block: dispatch lag p99 6.1 ms, limit 5 ms."""
    return [beyond(cause.title, cause.value, cause.limit, cause.unit) for cause in found]


def floor(comparison: Ratio) -> str:
    """Say what of a percentile is nginx and generator, and by what the apps alone differ; empty where that is next to nothing."""
    found = comparison.floor
    if found is None or found.share is None:
        return f"nginx and generator alone take {milliseconds(found.ms)}" if found else ""
    if found.share < WORTH_SAYING:
        return ""
    share = f"{formats.percent(round(found.share, 2))} of it nginx and generator"
    if found.apps_alone is None:
        return f"{share}, too much to compare the apps alone"
    return f"{share}, the apps alone about {formats.times(found.apps_alone)}"


def subject(comparison: Ratio) -> str:
    """Name what is compared: CPU per request of read."""
    return f"{METRICS[comparison.metric].title} of {comparison.scenario}{beyond_control(comparison)}"


def titled(comparison: Ratio) -> str:
    """Name the metric: late requests per blocker, beyond its control."""
    return f"{METRICS[comparison.metric].title}{beyond_control(comparison)}"


def beyond_control(comparison: Ratio) -> str:
    """Say that only what lies beyond a control was judged, where that is so."""
    return ", beyond its control" if comparison.beyond else ""
