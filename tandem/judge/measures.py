"""Measures: the absolute values of one stack under one scenario, put together from its blocks."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import msgspec

from tandem.judge import harm
from tandem.judge.harm import Harm
from tandem.judge.metrics import memory_bytes
from tandem.records.block import Block, Diagnostics, Observed
from tandem.records.setup import Load

MOST_EXAMPLES = 3
"""Of what failed, at most."""

T = TypeVar("T", bound=msgspec.Struct)


class Pooled(msgspec.Struct, frozen=True, kw_only=True):
    """Percentiles over the raw samples of all rounds that count together; None: not reached, too many arrivals failed."""

    samples: int
    p50_ms: float | None
    p90_ms: float | None
    p99_ms: float | None
    p999_ms: float | None


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """What one stack answered at one route, over the raw samples of all rounds that count together."""

    scenario: str
    stack: str
    route: str  # method and path, such as "GET /entries/{id}"
    failed_share: float  # of its arrivals: failed, unfinished and dropped
    pooled: Pooled


class Measures(msgspec.Struct, frozen=True, kw_only=True):
    """What one stack did under one scenario, over the rounds that count."""

    scenario: str
    stack: str
    rounds: list[int]
    arrivals: int  # due: requests, unfinished and dropped ones
    fewest_arrivals: int  # of any block
    requests: int  # finished, failed ones included
    failures: int
    unfinished: int
    dropped: int
    failed_share: float  # failed, unfinished and dropped, of all arrivals; 1.0 where nothing was due
    backlog_share: float  # by how much requests in flight grew in the windows, of all arrivals
    failure_examples: list[str]
    processes_ended: (
        int  # of the app, within the windows; at least so many, where one began and ended between two readings
    )
    processes_begun: int
    workers_replaced: int | None = None  # as its server counts them, which misses none; None: it tells nothing
    workers_harakiri: int | None = None  # of these, ended by their server, as a request took longer than it allows
    rate: float  # good answers per second
    rates: list[float]  # the same, per round
    cpu_ms: float | None  # per request, nginx and app together
    app_cpu_ms: float | None
    nginx_cpu_ms: float | None
    database_cpu_ms: float | None = None  # its server's, beside the two above; None: it has none of its own
    memory_bytes: float | None  # PSS of nginx and app together, median of the rounds
    app_memory_bytes: float | None
    nginx_memory_bytes: float | None
    database_memory_bytes: float | None = None  # its server's, beside the two above
    p50_ms: float | None  # median of the blocks' percentiles, None where a block did not reach it
    p99_ms: float | None
    pooled: Pooled | None  # None where the raw samples were not read
    dispatch_lag_p99_ms: float  # of the worst block
    generator_share: float  # most of one CPU that the load generator used in a block
    start_seconds: float  # median time from start to the first good answer
    observed: Observed | None  # the most of each budget that any block was seen to use; None without blocks
    diagnostics: Diagnostics | None  # medians of the blocks; None without blocks
    harm: Harm | None = None  # what blockers did to the others, where there were any

    @property
    def late(self) -> float | None:
        """Late requests per blocker."""
        return self.harm.late if self.harm else None

    @property
    def late_predicted(self) -> float | None:
        """The same, as arithmetic has it."""
        return self.harm.predicted if self.harm else None

    @property
    def missed_share(self) -> float | None:
        """The share that missed the target while something blocked."""
        return self.harm.during_share if self.harm else None

    @property
    def recovery_seconds(self) -> float | None:
        """Seconds until service was good again; the median of the rounds."""
        return self.harm.recovery if self.harm else None

    @property
    def harm_ratio(self) -> float | None:
        """The same, of those that came while something blocked."""
        return self.harm.harm_ratio if self.harm else None


def measure(
    scenario: str, stack: str, blocks: Sequence[Block], pooled: Pooled | None, load: Load | None = None
) -> Measures:
    """Put the blocks of one stack under one scenario together: CPU and failures over all requests, the rest as medians."""
    requests, arrivals = sum(block.requests for block in blocks), sum(block.arrivals for block in blocks)
    lost = sum(block.lost for block in blocks)
    # fsum: the same records give the same digits on every Python; sum() adds otherwise from 3.12 on.
    app = _per_request(math.fsum(block.app_cpu_seconds for block in blocks), requests)
    nginx = _per_request(math.fsum(block.nginx_cpu_seconds for block in blocks), requests)
    served = [block.database_cpu_seconds for block in blocks if block.database_cpu_seconds is not None]
    return Measures(
        scenario=scenario,
        stack=stack,
        rounds=[block.round for block in blocks],
        arrivals=arrivals,
        fewest_arrivals=min((block.arrivals for block in blocks), default=0),
        requests=requests,
        failures=sum(block.failures for block in blocks),
        unfinished=sum(block.unfinished for block in blocks),
        dropped=sum(block.dropped for block in blocks),
        failed_share=lost / arrivals if arrivals else 1.0,
        backlog_share=sum(block.backlog for block in blocks) / arrivals if arrivals else 0.0,
        processes_ended=sum(block.processes_ended or 0 for block in blocks),
        processes_begun=sum(block.processes_begun or 0 for block in blocks),
        workers_replaced=_sum([block.workers_replaced for block in blocks]),
        workers_harakiri=_sum([block.workers_harakiri for block in blocks]),
        failure_examples=list(dict.fromkeys(text for block in blocks for text in block.failure_examples))[
            :MOST_EXAMPLES
        ],
        rate=statistics.fmean(block.rate for block in blocks) if blocks else 0.0,
        rates=[block.rate for block in blocks],
        cpu_ms=app + nginx if app is not None and nginx is not None else None,
        app_cpu_ms=app,
        nginx_cpu_ms=nginx,
        database_cpu_ms=_per_request(math.fsum(served), requests) if served else None,
        memory_bytes=_median([memory_bytes(block) for block in blocks]),
        app_memory_bytes=_median([block.app_memory_bytes for block in blocks]),
        nginx_memory_bytes=_median([block.nginx_memory_bytes for block in blocks]),
        database_memory_bytes=_median([block.database_memory_bytes for block in blocks]),
        p50_ms=_median([block.p50_ms for block in blocks]),
        p99_ms=_median([block.p99_ms for block in blocks]),
        pooled=pooled,
        dispatch_lag_p99_ms=max((block.dispatch_lag_p99_ms for block in blocks), default=0.0),
        generator_share=max((block.interference.generator_cpu_share for block in blocks), default=0.0),
        start_seconds=statistics.median(block.start_seconds for block in blocks) if blocks else 0.0,
        observed=combine(Observed, [block.observed for block in blocks], max),
        diagnostics=combine(Diagnostics, [block.diagnostics for block in blocks], statistics.median),
        harm=harm.find(load.blocking, load.rate, [block.blocked for block in blocks if block.blocked])
        if load is not None and load.blocking
        else None,
    )


def combine(kind: type[T], found: Sequence[T], join: Callable[[list[Any]], float]) -> T | None:
    """Join each field of several records over those that know it; None where there are no records."""
    known = {
        name: [getattr(one, name) for one in found if getattr(one, name) is not None] for name in kind.__struct_fields__
    }
    return kind(**{name: join(values) if values else None for name, values in known.items()}) if found else None


def _sum(values: Sequence[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def _per_request(seconds: float, requests: int) -> float | None:
    return seconds * 1000 / requests if requests else None


def _median(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return statistics.median(known) if known and len(known) == len(values) else None
