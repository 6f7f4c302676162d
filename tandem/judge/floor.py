"""Floor: how much of a response time is nginx and generator, alike for every stack, and hides a part of what differs."""

from __future__ import annotations

import msgspec

from tandem.judge.measures import Measures
from tandem.judge.metrics import Metric
from tandem.records.setup import Calibration

MOST_FLOOR = 0.5
"""From this share on, of either stack, no ratio without the floor is given: it would rest on less than half of what was seen."""


class Floor(msgspec.Struct, frozen=True, kw_only=True):
    """What nginx and generator took alone, before the first block, at the highest rate of the run, for a static file.

    Percentiles don't add up, so the share is given of p50 only, where the floor varies least. It is rather too small, and the
    ratio of the apps alone rather too close to 1: to pass a request on costs nginx more than a file does, and where both have
    long tails the median of a sum lies above the sum of the medians.
    """

    ms: float  # response time, at the percentile that the metric is
    share: float | None  # of the baseline's p50; None for other percentiles
    apps_alone: float | None  # estimate of the ratio without the floor; None where too little is left to compare


def below(metric: Metric, ratio: float | None, baseline: Measures, calibration: Calibration | None) -> Floor | None:
    """Return the floor below a ratio of response times; None for other metrics, and where none was measured."""
    if calibration is None or metric.pooled is None:
        return None
    ms = {"p50": calibration.floor_p50_ms, "p99": calibration.floor_p99_ms}[metric.pooled]
    if ms is None:
        return None
    share = _share(ms, baseline) if metric.pooled == "p50" else None
    return Floor(ms=ms, share=share, apps_alone=apps_alone(ratio, share))


def apps_alone(ratio: float | None, share: float | None) -> float | None:
    """Return the ratio of what is left once the same floor, a share of the baseline's, is taken from both: (r − s) ÷ (1 − s)."""
    if ratio is None or share is None or share > MOST_FLOOR * min(1.0, ratio):
        return None
    return (ratio - share) / (1 - share)


def _share(ms: float, baseline: Measures) -> float | None:
    p50 = baseline.pooled.p50_ms if baseline.pooled else baseline.p50_ms
    return min(1.0, ms / p50) if p50 else None
