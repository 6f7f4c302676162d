"""Metrics: all that stacks are compared by, one row each: a new metric is a new row here.

What it is computed from must be in a block (`records/block.py`), its absolute value in `judge/measures.py`; whether scenarios
have it as a headline is decided in `plan/scenarios.py` and `plan/profiles.py`. Then `make schema` writes the schema of
`summary.json` again, and docs/method.md has a row for it (a test compares them).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from tandem import formats, statistics
from tandem.judge import harm
from tandem.records.block import Block
from tandem.records.setup import Load
from tandem.rules import BAD_POINTS

Show = Callable[[float | None], str]


class MetricPart(NamedTuple):
    """A part of what a metric is made of, shown beside it."""

    name: str
    field: str  # among `Measures`
    show: Show
    unit: str = ""


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One metric: how it is taken from a block, compared, judged and shown."""

    key: str
    title: str
    unit: str
    delta: float  # how far matters in practice: a part of a ratio, or a difference in `unit`
    of: Callable[[Block], float | None]  # in `unit`; None where a block has none
    show: Show
    field: str  # the absolute value among `Measures`
    parts: tuple[MetricPart, ...] = ()
    higher_is_better: bool = False
    compared: Literal["ratio", "difference"] = "ratio"  # a difference where it may be zero
    pooled: Literal["p50", "p99"] | None = None  # the percentile of the pooled samples that it is
    at_rate: bool = True  # means nothing of a stack that can't serve its rate
    # Where it is taken: in an open loop, in a closed one, where others block, or everywhere.
    loads: Literal["rate", "saturation", "blocking", "any"] = "any"
    delta_of: Callable[[Load], float] = lambda load: 1.0  # what `delta` is a share of, where that depends on the load

    def applies(self, load: Load) -> bool:
        """Tell whether it is taken under a load: a closed loop waits for its answers, so its response times earn nothing."""
        if self.loads == "blocking":
            return load.blocking is not None
        return self.loads in ("any", "saturation" if load.saturates else "rate")

    def under(self, load: Load) -> Metric:
        """Return it as it is judged under a load."""
        return self.within(self.delta * self.delta_of(load))

    def within(self, delta: float) -> Metric:
        """Return it with another δ."""
        return replace(self, delta=delta)

    def value(self, block: Block) -> float | None:
        """Return the block's value; None where there is none, or none that a ratio can be made of."""
        found = self.of(block)
        return found if found is None or self.compared == "difference" or found > 0 else None

    def compare(self, ours: Block, theirs: Block) -> float | None:
        """Return how a block stands to the baseline's of its round, as a ratio or a difference."""
        mine, other = self.value(ours), self.value(theirs)
        if mine is None or other is None:
            return None
        return mine / other if self.compared == "ratio" else mine - other

    @property
    def none(self) -> float:
        """What stands for no effect at all: a ratio of 1 or a difference of 0."""
        return self.restore(0.0)

    @property
    def band(self) -> float:
        """How far no effect reaches in practice, on the scale on which it is judged."""
        return math.log1p(self.delta) if self.compared == "ratio" else self.delta

    def scale(self, value: float) -> float:
        """Return a ratio on the log scale and a difference as it is: no effect is 0 for both, and they are judged alike."""
        return math.log(value) if self.compared == "ratio" else value

    def restore(self, value: float) -> float:
        """Return what was judged as a ratio or a difference again."""
        return math.exp(value) if self.compared == "ratio" else value

    def estimate(self, values: Sequence[float]) -> float | None:
        """Return the Hodges–Lehmann estimate of ratios or differences; None without any."""
        return self.restore(statistics.estimate([self.scale(value) for value in values])) if values else None


def cpu_ms(block: Block) -> float | None:
    """Return the CPU time of app and nginx per request."""
    return 1000 * (block.app_cpu_seconds + block.nginx_cpu_seconds) / block.requests if block.requests else None


def memory_bytes(block: Block) -> float | None:
    """Return the memory of app and nginx."""
    if block.app_memory_bytes is None or block.nginx_memory_bytes is None:
        return None
    return block.app_memory_bytes + block.nginx_memory_bytes


def failed_points(block: Block) -> float | None:
    """Return the share of the arrivals that got no good answer, in percentage points; None where nothing was due."""
    return 100 * block.lost / block.arrivals if block.arrivals else None


def late(block: Block) -> float | None:
    """Return how many requests each blocker made late: from the first on, in excess of the share that was late before."""
    found = block.blocked
    return harm.late([found]) if found is not None else None


def missed_points(block: Block) -> float | None:
    """Return the share of those due while blockers came that missed the target, in percentage points."""
    return 100 * harm.missed([block.blocked]) if block.blocked is not None else None


CPU = Metric(
    key="cpu",
    title="CPU per request",
    unit="ms",
    delta=0.10,
    of=cpu_ms,
    show=formats.milliseconds,
    field="cpu_ms",
    parts=(
        MetricPart("app", "app_cpu_ms", formats.milliseconds, "ms"),
        MetricPart("nginx", "nginx_cpu_ms", formats.milliseconds, "ms"),
    ),
)
P50 = Metric(
    key="p50", title="p50", unit="ms", delta=0.10, of=lambda block: block.p50_ms, show=formats.milliseconds, field="p50_ms",
    pooled="p50", loads="rate",
)  # fmt: skip
P99 = Metric(
    key="p99", title="p99", unit="ms", delta=0.20, of=lambda block: block.p99_ms, show=formats.milliseconds, field="p99_ms",
    pooled="p99", loads="rate",
)  # fmt: skip
MEMORY = Metric(
    key="memory", title="memory", unit="bytes", delta=0.10, of=memory_bytes, show=formats.mebibytes, field="memory_bytes",
    at_rate=False,
    parts=(MetricPart("app", "app_memory_bytes", formats.mebibytes, "bytes"),
           MetricPart("nginx", "nginx_memory_bytes", formats.mebibytes, "bytes")),
)  # fmt: skip
FAILED = Metric(
    key="failed", title="failed arrivals", unit="points", delta=0.1, of=failed_points, show=formats.percent,
    field="failed_share", compared="difference", at_rate=False,
    parts=tuple(MetricPart(name, field, formats.number) for name, field in (
        ("failed", "failures"), ("unfinished", "unfinished"), ("dropped", "dropped"), ("of", "arrivals"))),
)  # fmt: skip
THROUGHPUT = Metric(
    key="throughput", title="throughput", unit="per second", delta=0.10, of=lambda block: block.rate,
    show=formats.per_second, field="rate", higher_is_better=True, loads="saturation",
)  # fmt: skip

LATE = Metric(
    key="late", title="late requests per blocker", unit="requests", delta=0.05, of=late, show=formats.number, field="late",
    compared="difference", at_rate=False, loads="blocking",
    delta_of=lambda load: load.rate * load.blocking.milliseconds / 1000 if load.blocking else 1.0,
    parts=(MetricPart("predicted", "late_predicted", formats.number), MetricPart("harm ratio", "harm_ratio", formats.hundredths)),
)  # fmt: skip

MISSED = Metric(
    key="missed", title="missed while others block", unit="points", delta=float(BAD_POINTS), of=missed_points,
    show=formats.percent, field="missed_share", compared="difference", at_rate=False, loads="blocking",
)  # fmt: skip
RECOVERY = Metric(
    key="recovery", title="recovery", unit="s", delta=1.0, of=lambda block: block.blocked.recovery if block.blocked else None,
    show=formats.seconds, field="recovery_seconds", compared="difference", at_rate=False, loads="blocking",
)  # fmt: skip

METRICS = {row.key: row for row in (THROUGHPUT, LATE, MISSED, RECOVERY, CPU, P50, P99, MEMORY, FAILED)}
"""±δ of a ratio means 1/(1+δ) to 1+δ, alike for either choice of baseline."""
