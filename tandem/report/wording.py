"""Wording: what was judged, as people read it. No conclusion is drawn here."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from tandem.formats import NOTHING, beyond, bounds, confidence, milliseconds, point, reach
from tandem.judge.measures import Measures, Pooled
from tandem.judge.metrics import METRICS, Metric
from tandem.judge.prediction import Prediction
from tandem.judge.validity import Cause
from tandem.judge.verdict import Difference, Ratio
from tandem.rules import NEEDED


def interval(comparison: Ratio) -> str:
    """Write the interval that decided: 1.70–1.98."""
    found = comparison.decided_by
    return bounds(found.low, found.high) if found else bounds(None, None)


def level(comparison: Ratio) -> str:
    """Write the confidence of the interval that decided: 90 %, 99.3 %."""
    return confidence(comparison.decided_by.level) if comparison.decided_by else NOTHING


def levelled(comparison: Ratio) -> str:
    """Write the interval that decided with its confidence: 1.70–1.98 (99.3 %)."""
    return f"{interval(comparison)} ({level(comparison)})" if comparison.decided_by else interval(comparison)


def points(difference: Difference) -> str:
    """Write a difference of shares in percentage points with its interval: +0.02 (0 to +0.05)."""
    if difference.estimate is None:
        return NOTHING
    interval = (
        "no interval" if difference.low is None else f"{point(difference.low)} to {point(difference.high or 0.0)}"
    )
    return f"{point(difference.estimate)} ({interval})"


def expected(prediction: Prediction) -> str:
    """Write a predicted p50: 100 ms, 100–112 ms where requests queue, or that the stack can't serve the rate."""
    low, high = milliseconds(prediction.p50_ms), milliseconds(prediction.p50_most_ms)
    if prediction.p50_ms is None:
        return "cannot serve this rate"
    return low if low == high else f"{low.removesuffix(' ms')}–{high}"


def absolute(measures: Measures, metric: Metric) -> str:
    """Write a measure's value of a metric; percentiles are those of the pooled samples where they were read."""
    if metric.pooled is not None:
        return percentile(measures, metric.pooled)
    return metric.show(getattr(measures, metric.field))


def percentile(measures: Measures, name: Literal["p50", "p90", "p99", "p999"]) -> str:
    """Write a percentile: "not reached" where too many requests failed, "–" where there are too few samples for it."""
    if measures.pooled is None:
        return milliseconds({"p50": measures.p50_ms, "p99": measures.p99_ms}.get(name))
    return pooled_percentile(measures.pooled, name)


def pooled_percentile(pooled: Pooled, name: Literal["p50", "p90", "p99", "p999"]) -> str:
    """Write a percentile of pooled samples in the same way."""
    value = {"p50": pooled.p50_ms, "p90": pooled.p90_ms, "p99": pooled.p99_ms, "p999": pooled.p999_ms}[name]
    return NOTHING if pooled.samples < NEEDED[name] else reach(value)


def causes(found: Iterable[Cause]) -> list[str]:
    """Write what disturbed a block: dispatch lag p99 6.1 ms, limit 5 ms."""
    return [beyond(cause.title, cause.value, cause.limit, cause.unit) for cause in found]


def subject(comparison: Ratio) -> str:
    """Name what is compared: CPU per request of read."""
    return f"{METRICS[comparison.metric].title} of {comparison.scenario}"
