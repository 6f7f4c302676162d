"""Rules: the numbers that several rules of verdicts share, fixed before anything was measured (docs/method.md says why).

Limits of validity are in `judge/validity.py`, what matters in practice (δ) in `judge/metrics.py`, profiles in `plan/profiles.py`.
"""

from __future__ import annotations

ERROR = 0.05
"""The chance of any false verdict that a whole run may have; its m headlines, and its looks at the data, share it evenly."""

NO_DIFFERENCE_ERROR = 0.10
"""The chance of error of the interval that “no practical difference” is decided on: two one-sided tests at 5 %."""

FAILED_LIMIT, ACHIEVED_LIMIT, BACKLOG_LIMIT = 0.001, 0.99, 0.01
"""Shares of a stack's arrivals: from the first on failed, below the second answered well, or above the third added to the
requests in flight, it can't serve the rate and gets no verdict on latency or CPU: to refuse is neither fast nor cheap."""

CONDEMN_ERROR = 0.001
"""The chance that a run says of any stack that it can't serve a rate which it can serve; all such tests of a run share it."""

RATE_DEVIATION_ERROR = 1e-9
"""The chance that a window whose arrivals are right in number is taken for one that lost some."""

GROWTH_SLICES = 8
"""Equal parts of a window between which requests in flight are counted, to tell growth from chance."""

BETWEEN_RUNS = 0.10
"""Part by which the ratios of two runs of the same code on the same machine were seen to differ: less is no change."""

P99_SECONDS, P99_BLOCK, P99_STACK = 8, 2_000, 10_000
"""What p99 needs for a verdict: the length of a block in seconds, its arrivals, and those of a stack in all its blocks."""

INTERMITTENT = 0.25
"""Part by which the pooled percentiles' ratio and the round-wise one may differ before stalls are called intermittent."""

REPEATS = 3
"""Most repeats of invalid rounds in one run: enough for what chance does to a machine that was quiet at the start, and a
standard run stays below half an hour."""

FULL_SHARE = 0.85
"""From this share on a CPU, or a number of places, counts as all used."""

TAIL = 10
"""Fewest samples beyond a percentile that is shown or drawn."""

NEEDED = {"p50": 2 * TAIL, "p90": 10 * TAIL, "p99": 100 * TAIL, "p999": 1_000 * TAIL}
"""Samples from which on a percentile is shown or drawn: `shown` asks, wherever one is."""

CAPACITY_STEP, CAPACITY_LEAP, CAPACITY_MOST = 1.05, 4, 100_000
"""A search for capacity: each rate is so many times the one before, its first leap so many rates long, and no rate higher."""

CAPACITY_TRIES, CAPACITY_BLOCKS, CAPACITY_SPOILED = 3, 40, 12
"""How often each end of a bracket is tried; how many blocks a search may take, and how many of them may be spoiled by what is
outside the stack, before it is given up."""

TARGETS_MS = (20.0, 100.0, 500.0)
"""What bystanders may take while others block: later is a miss."""

HEADLINE_TARGET = 1
"""The place among them of the one that decides."""

LATE_MS = TARGETS_MS[HEADLINE_TARGET]
"""That one: whose answer takes longer is late."""

BAD_POINTS, GOOD_SECONDS = 5, 3
"""Service has recovered when so many seconds in a row miss at most so many points more than before anything blocked."""

COMPLETED_LIMIT = 0.99
"""Share of its blockers that a stack must complete: to refuse what blocks would be an easy way to harm nobody."""

EXPLAINED = 0.15
"""Part by which late requests may differ from what the schedule predicts before the report says why."""


def shown(percentile: str, samples: int) -> bool:
    """Tell whether so many samples are enough for a percentile, such as `p99`: nowhere is it shown from fewer."""
    return samples >= NEEDED[percentile]
