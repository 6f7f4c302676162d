"""What an app counts for Prometheus: requests by route and status, how long they took, what became of logins, what held it up.

With PROMETHEUS_MULTIPROC_DIR the processes of a stack count in files of one folder, and any of them tells the sum. States are
not counted but looked at when somebody asks (userdb/pools.py), and added up, too.
"""

from __future__ import annotations

import os
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from itertools import accumulate
from pathlib import Path

from prometheus_client import CollectorRegistry, Metric, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

from userdb import counts, errors, settings
from userdb.counts import Counts, Row
from userdb.pools import States, of_all

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
METHODS = {"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"}

BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Seconds: each sort of request took at most so long, and longer than the one before; the last, which has no bound, longer."""

REQUESTS, LOGINS, STALLS = "http_requests", "logins", "stalls"

_POOLS = {
    "in_use": "Taken at this moment, of connections, threads or places; the request for these metrics is in it.",
    "idle": "Free at this moment.",
    "waiting": "Requests that wait for one.",
    "limit": "So many there may be.",
}

_own: Counts


def request(method: str, route: str | None, status: int, seconds: float) -> None:
    """Count an answered request; `route` is one such as /users/{user_id}, None where there is none.

    Labels come from closed sets, to bound cardinality.
    """
    row = _row(REQUESTS, method if method in METHODS else "other", route or "none", status)
    row.add(bisect_left(BOUNDS, seconds), seconds)


def login(outcome: str) -> None:
    """Count an attempt to log in: "accepted", or the title of what it was refused with."""
    _row(LOGINS, outcome).add(0, 0.0)


def watch_stalls(kinds: Iterable[str]) -> None:
    """Tell of all kinds from the beginning: what is not watched is left out, and what did not happen is 0."""
    for kind in kinds:
        _row(STALLS, kind).keep()


def stall(kind: str, seconds: float) -> None:
    """Count a stall that is over."""
    _row(STALLS, kind).add(0, seconds)


@cache
def _row(*labels: str | int) -> Row:
    """Where such a thing is counted, looked for once: of a closed set, too."""
    return _own.row(tuple(map(str, labels)))


def _begin() -> None:
    """Count in a file of this process's own."""
    global _own
    _own = Counts(settings.metrics_folder())
    _row.cache_clear()


_begin()
os.register_at_fork(after_in_child=_begin)


class _Sum(Collector):
    """What was counted, added up over whoever has counted it."""

    def __init__(self, found: Iterable[tuple[counts.Labels, list[float]]]) -> None:
        self._rows: dict[counts.Labels, list[float]] = {}
        for labels, numbers in found:
            before = self._rows.get(labels)
            self._rows[labels] = numbers if before is None else _added(before, numbers)

    def collect(self) -> Iterator[Metric]:
        requests = CounterMetricFamily(REQUESTS, "Requests that were answered.", labels=["method", "route", "status"])
        seconds = HistogramMetricFamily(
            "http_request_duration_seconds",
            "From the arrival of a request in the app to its answer.",
            labels=["method", "route"],
        )
        logins = CounterMetricFamily(LOGINS, "Attempts to log in.", labels=["outcome"])
        stalls = CounterMetricFamily(
            STALLS, "What held up the event loop, all slots or a pool, where it is watched.", labels=["kind"]
        )
        stalled = CounterMetricFamily("stalled_seconds", "How long that took.", labels=["kind"])
        durations: dict[counts.Labels, list[float]] = {}
        for (name, *labels), numbers in sorted(self._rows.items()):
            match name:
                case "logins":
                    logins.add_metric(labels, numbers[0])
                case "stalls":
                    stalls.add_metric(labels, numbers[0])
                    stalled.add_metric(labels, numbers[-1])
                case _:
                    requests.add_metric(labels, sum(numbers[: len(BOUNDS) + 1]))
                    route = tuple(labels[:2])
                    durations[route] = _added(durations.get(route, [0.0] * len(numbers)), numbers)
        for route, numbers in durations.items():
            within = accumulate(numbers[: len(BOUNDS) + 1])
            bounds = [*map(str, BOUNDS), "+Inf"]
            seconds.add_metric(route, list(zip(bounds, within, strict=True)), numbers[-1])
        yield from (family for family in (requests, seconds, logins, stalls, stalled) if family.samples)


def _added(some: list[float], others: list[float]) -> list[float]:
    return [one + other for one, other in zip(some, others, strict=True)]


class _Together(Collector):
    """The pools of some processes, each as their sum."""

    def __init__(self, told: list[States]) -> None:
        self._told = told

    def collect(self) -> Iterable[Metric]:
        yield GaugeMetricFamily("pool_processes", "Processes whose pools are added up.", len(self._told))
        for field, said in _POOLS.items():
            family = GaugeMetricFamily(f"pool_{field}", said, labels=["pool"])
            for name in sorted({name for each in self._told for name in each}):
                values = [getattr(each[name], field) for each in self._told if name in each]
                if None not in values:
                    family.add_metric([name], sum(values))
            yield family


def text(folder: Path | None, pools: Callable[[], States]) -> bytes:
    """Everything that was counted, and how the pools are, in Prometheus' text format; by all processes that count in `folder`,
    if there is one.

    Raises Busy where their files can't be read.
    """
    registry = CollectorRegistry()
    try:
        registry.register(_Together(of_all(folder, pools)))
        if folder is None:
            registry.register(_Sum((row.labels, row.numbers) for row in list(_own.rows.values())))
        else:
            registry.register(_Sum(row for file in folder.glob("counts_*.db") for row in counts.read(file)))
        return generate_latest(registry)
    except (OSError, ValueError) as error:
        raise errors.Busy("The counts can't be read.") from error
