"""Verdicts on ratios that a test gives."""

from __future__ import annotations

from tandem.judge import verdict
from tandem.judge.metrics import METRICS, Metric
from tandem.judge.reasons import Reason
from tandem.judge.verdict import Ratio
from tests.support.synthetic import ASGI, WSGI


def judge(
    ratios: list[float],
    metric: str | Metric = "cpu",
    headlines: int = 7,
    quick: bool = False,
    not_judged: Reason | None = None,
    looks: int = 1,
) -> Ratio:
    """Judge ratios, one of each round, as those of a headline; `metric` is a row or the key of one."""
    row = METRICS[metric] if isinstance(metric, str) else metric
    return verdict.compare(
        dict(enumerate(ratios, 1)), scenario="read", metric=row, stack=ASGI, baseline=WSGI, kind="headline",
        headlines=headlines, not_judged=not_judged, quick=quick, looks=looks,
    )  # fmt: skip
