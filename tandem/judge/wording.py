"""Wording: numbers and names as people read them. No conclusion is drawn here."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal

from tandem.judge.measures import TITLES, Measures, Metric, Pooled

if TYPE_CHECKING:  # verdict words its reasons with this module
    from tandem.judge.prediction import Prediction
    from tandem.judge.verdict import Comparison, Difference

NOTHING = "–"

NEEDED = {"p50": 1, "p90": 100, "p99": 1_000, "p999": 10_000}
"""Samples from which on a percentile is shown."""


def times(ratio: float | None) -> str:
    """Write a ratio: 0.042×, 0.42×, 1.84×, 12.3×."""
    return NOTHING if ratio is None else f"{_ratio(ratio)}×"


def interval(comparison: Comparison) -> str:
    """Write the comparison's interval: 1.70–1.98."""
    if comparison.low is None or comparison.high is None:
        return "no interval"
    return f"{_bound(comparison.low)}–{_bound(comparison.high)}"


def confidence(share: float) -> str:
    """Write a confidence level: 95 %, 99.3 %."""
    return f"{100 * share:.1f}".removesuffix(".0") + " %"


def points(difference: Difference) -> str:
    """Write a difference of shares in percentage points with its interval: +0.02 (0 to +0.05)."""
    if difference.estimate is None:
        return NOTHING
    bounds = (
        "no interval" if difference.low is None else f"{_point(difference.low)} to {_point(difference.high or 0.0)}"
    )
    return f"{_point(difference.estimate)} ({bounds})"


def offered(rates: Iterable[float]) -> str:
    """Write the rates at which scenarios were driven: 300/s, or 80–300/s where they differ."""
    found = sorted(set(rates))
    return "–".join(f"{rate:,g}" for rate in dict.fromkeys([found[0], found[-1]])) + "/s" if found else NOTHING


def milliseconds(value: float | None) -> str:
    """Write milliseconds with three significant digits."""
    return NOTHING if value is None else f"{_digits(value)} ms"


def reach(value: float | None) -> str:
    """Write a percentile of a block or of the calibration: "not reached" where too many requests failed."""
    return "not reached" if value is None else milliseconds(value)


def expected(prediction: Prediction) -> str:
    """Write a predicted p50: 100 ms, 100–112 ms where requests queue, or that the stack can't serve the rate."""
    low, high = milliseconds(prediction.p50_ms), milliseconds(prediction.p50_most_ms)
    if prediction.p50_ms is None:
        return "cannot serve this rate"
    return low if low == high else f"{low.removesuffix(' ms')}–{high}"


def mebibytes(value: float | None) -> str:
    """Write bytes as MiB."""
    return NOTHING if value is None else f"{value / 2**20:,.0f} MiB"


def percent(share: float) -> str:
    """Write a share of the whole: 0 %, < 0.01 %, 0.25 %, 12 %."""
    if 0 < share < 0.0001:
        return "< 0.01 %"
    if 0.9999 < share < 1:
        return "> 99.99 %"
    return f"{100 * share:.2f}".rstrip("0").rstrip(".") + " %"


def per_second(rate: float | None) -> str:
    """Write a rate."""
    return NOTHING if rate is None else f"{_digits(rate)}/s"


def absolute(measures: Measures, metric: Metric) -> str:
    """Write a measure's value of a metric; percentiles are those of the pooled samples where they were read."""
    if metric == "cpu":
        return milliseconds(measures.cpu_ms)
    if metric == "memory":
        return mebibytes(measures.memory_bytes)
    return percentile(measures, metric)


def percentile(measures: Measures, name: Literal["p50", "p90", "p99", "p999"]) -> str:
    """Write a percentile: "not reached" where too many requests failed, "–" where there are too few samples for it."""
    if measures.pooled is None:
        return milliseconds({"p50": measures.p50_ms, "p99": measures.p99_ms}.get(name))
    return pooled_percentile(measures.pooled, name)


def pooled_percentile(pooled: Pooled, name: Literal["p50", "p90", "p99", "p999"]) -> str:
    """Write a percentile of pooled samples in the same way."""
    if pooled.samples < NEEDED[name]:
        return NOTHING
    value = {"p50": pooled.p50_ms, "p90": pooled.p90_ms, "p99": pooled.p99_ms, "p999": pooled.p999_ms}[name]
    return reach(value)


def subject(comparison: Comparison) -> str:
    """Name what is compared: CPU per request of read."""
    return f"{TITLES[comparison.metric]} of {comparison.scenario}"


def listed(items: list[str]) -> str:
    """Join items as in a sentence: a, b and c."""
    return " and ".join([", ".join(items[:-1]), items[-1]]) if len(items) > 1 else "".join(items)


def count(number: int, noun: str) -> str:
    """Write a number of things: 1 round, 9 rounds."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _bound(value: float) -> str:
    """Write an end of an interval so that it shows on which side of 1 it lies, which decides the word."""
    shown, places = _ratio(value), 2
    while shown == f"{1:.{places}f}" and value != 1 and places < 5:
        places += 1
        shown = f"{value:.{places}f}"
    return shown


def _point(value: float) -> str:
    return f"{value:+.3g}" if value else "0"


def _ratio(value: float) -> str:
    return f"{value:.2f}" if 0.1 <= value < 10 else _digits(value)


def _digits(value: float) -> str:
    if value == 0 or not math.isfinite(value):
        return f"{value:g}"
    places = max(0, 2 - math.floor(math.log10(abs(value))))
    return f"{value:,.{min(places, 3)}f}"
