"""What an app counts for Prometheus: requests by route and status, how long they took, what became of logins, what held it up.

With PROMETHEUS_MULTIPROC_DIR the processes of a stack count in files of one folder, and any of them tells the sum. States are
not counted but looked at when somebody asks (userdb/pools.py), and added up, too.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Histogram, Metric, generate_latest, values
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from userdb import counts, errors
from userdb.pools import States, of_all

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
METHODS = {"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"}

values.MmapedDict = counts.CountsFile  # type: ignore[attr-defined, assignment]  # where the processes count: see there

_registry = CollectorRegistry()
_REQUESTS = Counter("http_requests", "Requests that were answered.", ["method", "route", "status"], registry=_registry)
_SECONDS = Histogram(
    "http_request_duration_seconds",
    "From the arrival of a request in the app to its answer.",
    ["method", "route"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
    registry=_registry,
)
_LOGINS = Counter("logins", "Attempts to log in.", ["outcome"], registry=_registry)
_STALLS = Counter(
    "stalls", "What held up the event loop, all slots or a pool, where it is watched.", ["kind"], registry=_registry
)
_STALLED = Counter("stalled_seconds", "How long that took.", ["kind"], registry=_registry)

_POOLS = {
    "in_use": "Taken at this moment, of connections, threads or places; the request for these metrics is in it.",
    "idle": "Free at this moment.",
    "waiting": "Requests that wait for one.",
    "limit": "So many there may be.",
}


def request(method: str, route: str | None, status: int, seconds: float) -> None:
    """Count an answered request; `route` is one such as /users/{user_id}, None where there is none.

    Labels come from closed sets, to bound cardinality.
    """
    requests, durations = _counters(method if method in METHODS else "other", route or "none", status)
    requests.inc()
    durations.observe(seconds)


@cache
def _counters(method: str, route: str, status: int) -> tuple[Counter, Histogram]:
    """What counts such a request, looked for once: of a closed set, too."""
    return _REQUESTS.labels(method, route, status), _SECONDS.labels(method, route)


def login(outcome: str) -> None:
    """Count an attempt to log in: "accepted", or the title of what it was refused with."""
    _LOGINS.labels(outcome).inc()


def watch_stalls(kinds: Iterable[str]) -> None:
    """Tell of all kinds from the beginning: what is not watched is left out, and what did not happen is 0."""
    for kind in kinds:
        _STALLS.labels(kind)
        _STALLED.labels(kind)


def stall(kind: str, seconds: float) -> None:
    """Count a stall that is over."""
    _STALLS.labels(kind).inc()
    _STALLED.labels(kind).inc(seconds)


class _Folder(Collector):
    """What all processes have counted in a folder; the file of one that has just begun, or found the disk full, is empty."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def collect(self) -> Iterable[Metric]:
        files = [str(each) for each in self._folder.glob("*.db") if each.stat().st_size >= counts.HEADER.size]
        found: Iterable[Metric] = MultiProcessCollector.merge(files)  # type: ignore[no-untyped-call]  # half of the library has no types
        return found


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
    now = CollectorRegistry()
    try:
        now.register(_Together(of_all(folder, pools)))
        if folder is None:
            return generate_latest(_registry) + generate_latest(now)
        now.register(_Folder(folder))
        return generate_latest(now)
    except (OSError, RuntimeError, ValueError, struct.error) as error:
        raise errors.Busy("The counts can't be read.") from error
