"""Measures: the absolute values of one stack under one scenario, and the value of one block that a ratio is made of."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from typing import Literal

import msgspec

from tandem.records import Block

Metric = Literal["cpu", "p50", "p99", "memory"]
METRICS: tuple[Metric, ...] = ("cpu", "p50", "p99", "memory")
"""All that ratios are made of. Lower is better for every one of them."""

TITLES: dict[Metric, str] = {"cpu": "CPU per request", "p50": "p50", "p99": "p99", "memory": "memory"}


class Pooled(msgspec.Struct, frozen=True, kw_only=True):
    """Percentiles over the raw samples of all complete rounds together; None: not reached, too many requests failed."""

    samples: int
    p50_ms: float | None
    p90_ms: float | None
    p99_ms: float | None
    p999_ms: float | None


class Measures(msgspec.Struct, frozen=True, kw_only=True):
    """What one stack did under one scenario, over the rounds that count."""

    scenario: str
    stack: str
    rounds: list[int]
    requests: int  # finished, failed ones included
    fewest_requests: int  # of any block
    failures: int
    unfinished: int
    failed_share: float  # failed and unfinished, of all requests that were sent; 1.0 where nothing was answered
    silent_rounds: list[int]  # rounds in which not one request was answered
    rate: float  # good answers per second
    rates: list[float]  # the same, per round
    cpu_ms: float | None  # per request, nginx and app together
    app_cpu_ms: float | None
    nginx_cpu_ms: float | None
    memory_bytes: float | None  # PSS of nginx and app together, median of the rounds
    app_memory_bytes: float | None
    nginx_memory_bytes: float | None
    p50_ms: float | None  # median of the blocks' percentiles, None where a block did not reach it
    p99_ms: float | None
    pooled: Pooled | None  # None where the raw samples were not read
    generator_share: float  # most of one CPU that the load generator used in a block
    start_seconds: float  # median time from start to the first good answer


def value(block: Block, metric: Metric) -> float | None:
    """Return the block's CPU milliseconds per request, response milliseconds or bytes; None where there is none."""
    found = {"cpu": _cpu_ms(block), "p50": block.p50_ms, "p99": block.p99_ms, "memory": _memory(block)}[metric]
    return found if found is not None and found > 0 else None


def measure(scenario: str, stack: str, blocks: Sequence[Block], pooled: Pooled | None) -> Measures:
    """Put the blocks of one stack under one scenario together: CPU and failures over all requests, the rest as medians."""
    requests = sum(block.requests for block in blocks)
    sent = requests + sum(block.unfinished for block in blocks)
    lost = sum(block.failures + block.unfinished for block in blocks)
    # fsum: the same records give the same digits on every Python; sum() adds otherwise from 3.12 on.
    app = _per_request(math.fsum(block.app_cpu_seconds for block in blocks), requests)
    nginx = _per_request(math.fsum(block.nginx_cpu_seconds for block in blocks), requests)
    return Measures(
        scenario=scenario,
        stack=stack,
        rounds=[block.round for block in blocks],
        requests=requests,
        fewest_requests=min((block.requests for block in blocks), default=0),
        failures=sum(block.failures for block in blocks),
        unfinished=sum(block.unfinished for block in blocks),
        failed_share=lost / sent if sent else 1.0,
        silent_rounds=[block.round for block in blocks if block.requests == 0],
        rate=statistics.fmean(block.rate for block in blocks) if blocks else 0.0,
        rates=[block.rate for block in blocks],
        cpu_ms=app + nginx if app is not None and nginx is not None else None,
        app_cpu_ms=app,
        nginx_cpu_ms=nginx,
        memory_bytes=_median([_memory(block) for block in blocks]),
        app_memory_bytes=_median([block.app_memory_bytes for block in blocks]),
        nginx_memory_bytes=_median([block.nginx_memory_bytes for block in blocks]),
        p50_ms=_median([block.p50_ms for block in blocks]),
        p99_ms=_median([block.p99_ms for block in blocks]),
        pooled=pooled,
        generator_share=max((b.generator_cpu_seconds / b.seconds for b in blocks if b.seconds > 0), default=0.0),
        start_seconds=statistics.median(block.start_seconds for block in blocks) if blocks else 0.0,
    )


def _cpu_ms(block: Block) -> float | None:
    return _per_request(block.app_cpu_seconds + block.nginx_cpu_seconds, block.requests)


def _per_request(seconds: float, requests: int) -> float | None:
    return seconds * 1000 / requests if requests else None


def _memory(block: Block) -> float | None:
    if block.app_memory_bytes is None or block.nginx_memory_bytes is None:
        return None
    return block.app_memory_bytes + block.nginx_memory_bytes


def _median(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return statistics.median(known) if known and len(known) == len(values) else None
