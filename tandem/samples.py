"""Raw samples: one row for every request that Locust sent, and what they say about a window.

The population of a window is every request *sent* in it, so that none is counted twice or left out: one that was sent
in the window and answered after it counts with its whole time, and one that was never answered, or wrongly, counts as
not reached (+∞), neither as absent nor as fast. Percentiles are nearest-rank values of that population.
"""

from __future__ import annotations

import csv
import gzip
import math
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from tandem.errors import RunFailed
from tandem.statistics import reached

COLUMNS = ["start", "response_ms", "route", "status", "outcome", "reason"]
EXAMPLES = 5


class Sample(NamedTuple):
    """One request: sent at `start` (seconds since the epoch), its answer complete after `response_ms`."""

    start: float
    response_ms: float
    route: str
    status: int  # 0: no answer
    outcome: str  # "ok", "failed" or "unfinished"
    reason: str


class Figures(NamedTuple):
    """What a window holds; times are None where not reached."""

    requests: int  # finished, failed ones included
    failures: int
    unfinished: int
    rate: float  # good answers per second
    p50_ms: float | None
    p90_ms: float | None
    p99_ms: float | None
    max_ms: float | None
    failure_examples: list[str]


def read(path: Path) -> Iterator[Sample]:
    """Yield the samples of a file. Raises RunFailed where it is missing, cut off or something else."""
    try:
        with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
            rows = csv.reader(file)
            if next(rows, None) != COLUMNS:
                raise RunFailed(f"the samples in {path} do not begin with the columns {','.join(COLUMNS)}")
            for start, response_ms, route, status, outcome, reason in rows:
                yield Sample(float(start), float(response_ms), route, int(status), outcome, reason)
    except (OSError, EOFError, ValueError, csv.Error) as error:
        raise RunFailed(f"the samples in {path} can't be read: {error}") from error


def write(path: Path, samples: Iterable[Sample]) -> None:
    """Write samples in the form in which Locust's are read. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(path, "wt", compresslevel=1, encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(COLUMNS)
        for start, response_ms, *rest in samples:
            rows.writerow([f"{start:.6f}", f"{response_ms:.3f}", *rest])


def within(samples: Iterable[Sample], start: float, end: float) -> list[Sample]:
    """Return the samples of the window from `start` to `end` (seconds since the epoch, `end` excluded)."""
    return [sample for sample in samples if start <= sample.start < end]


def figures(sent: Sequence[Sample], seconds: float) -> Figures:
    """Return what the samples of a window of so many seconds say."""
    failed = [sample for sample in sent if sample.outcome == "failed"]
    unfinished = sum(sample.outcome == "unfinished" for sample in sent)
    times = sorted(sample.response_ms if sample.outcome == "ok" else math.inf for sample in sent)
    reasons = dict.fromkeys(
        f"{sample.route}: {sample.status or 'no answer'} {sample.reason}".strip() for sample in failed
    )
    return Figures(
        requests=len(sent) - unfinished,
        failures=len(failed),
        unfinished=unfinished,
        rate=(len(sent) - len(failed) - unfinished) / seconds,
        p50_ms=reached(times, 0.50),
        p90_ms=reached(times, 0.90),
        p99_ms=reached(times, 0.99),
        max_ms=reached(times, 1.0),
        failure_examples=list(reasons)[:EXAMPLES],
    )
