"""Raw samples: one row for every arrival of a run of Locust, and what they say about a window of it.

The population of a window is every arrival *due* in it, so that none is counted twice or left out: one that was due in the
window and answered after it counts with its whole time, and one that was never sent, never answered, or wrongly, counts as
not reached (+∞), neither as absent nor as fast. Percentiles are nearest-rank values of that population.

Columns are arrays and not objects per row: a report reads millions of rows.
"""

from __future__ import annotations

import math
import zlib
from array import array
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import accumulate
from pathlib import Path
from typing import Any, NamedTuple

from openloop import format
from openloop.format import Samples
from tandem.errors import RunFailed
from tandem.rules import GROWTH_SLICES, RATE_DEVIATION_ERROR
from tandem.statistics import poisson_tail, reached

MOST_EXAMPLES_OF_A_BLOCK = 5
Window = tuple[float, float]  # seconds since the epoch; the end is excluded


class Figures(NamedTuple):
    """What a window holds, named as in a block; percentiles are None where not reached."""

    arrivals: int
    requests: int
    failures: int
    unfinished: int
    dropped: int
    backlog: int
    in_flight: list[int]
    rate: float
    p50_ms: float | None
    p99_ms: float | None
    dispatch_lag_p50_ms: float  # of the requests that were sent; 0 where none was
    dispatch_lag_p99_ms: float
    failure_examples: list[str]


def read(path: Path) -> Samples:
    """Return the samples of a file. Raises RunFailed where it is missing, cut off or something else."""
    with _readable(path):
        return Samples(**format.read(path))


def by_route(path: Path, windows: Sequence[Window] | None = None, without: str = "") -> dict[str, array[float]]:
    """Return only the response times, by route and in the order of the file, +∞ for every outcome but `ok`.

    Those that were due in one of these windows, which are in order, or all; but not those of the route `without`. Raises
    RunFailed as `read`.
    """
    found: dict[str, array[float]] = {}
    counts = inside(windows or [(-math.inf, math.inf)])
    with _readable(path):
        columns = format.read(path, ("route", "response_ms", "outcome", "due"))
    for route, response, outcome, due in zip(*columns.values(), strict=True):
        if not counts(due) or route == without:
            continue
        times = found.get(route)
        if times is None:
            times = found[route] = array("d")
        times.append(response if outcome == "ok" else math.inf)
    return found


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, EOFError, zlib.error, ValueError) as error:
        raise RunFailed(f"the samples in {path} can't be read: {error}") from error


def within(samples: Samples, start: float, end: float) -> Samples:
    """Return the samples that were due from `start` to `end` (seconds since the epoch, `end` excluded)."""
    places = [place for place, due in enumerate(samples.due) if start <= due < end]
    return Samples(*(_pick(column, places) for column in samples.columns()))


def first(samples: Samples) -> Samples:
    """Return the samples without those of a second population, whose numbers are negative."""
    if all(number >= 0 for number in samples.arrival):
        return samples
    places = [place for place, number in enumerate(samples.arrival) if number >= 0]
    return Samples(*(_pick(column, places) for column in samples.columns()))


def inside(windows: Sequence[Window]) -> Callable[[float], bool]:
    """Return what tells of a moment whether it lies in one of these windows, which are in order; their ends are excluded."""
    starts = [start for start, _ in windows]
    return lambda moment: bool(place := bisect_right(starts, moment)) and moment < windows[place - 1][1]


def in_any(samples: Samples, windows: Sequence[Window]) -> Samples:
    """Return the samples that were due in one of these windows, which are in order."""
    counts = inside(windows)
    places = [place for place, due in enumerate(samples.due) if counts(due)]
    return Samples(*(_pick(column, places) for column in samples.columns()))


def _pick(column: Any, places: Iterable[int]) -> Any:
    picked = (column[place] for place in places)
    return array(column.typecode, picked) if isinstance(column, array) else list(picked)


def figures(samples: Samples, window: Window) -> Figures:
    """Return what a window says; `samples` are all of the run of Locust, with its warm-up and the time after the window."""
    due = within(samples, *window)
    good = sum(outcome == "ok" for outcome in due.outcome)
    return figures_of(due, in_flight(samples, window), good / (window[1] - window[0]))


def figures_of(due: Samples, flying: list[int], rate: float) -> Figures:
    """Return what these samples say, with the requests in flight meanwhile and the good answers per second."""
    counts = Counter(due.outcome)
    times = ordered_times(due)
    lags = sorted(lag for lag, outcome in zip(due.start_delay_ms, due.outcome, strict=True) if outcome != "dropped")
    return Figures(
        arrivals=len(due),
        requests=counts["ok"] + counts["failed"],
        failures=counts["failed"],
        unfinished=counts["unfinished"],
        dropped=counts["dropped"],
        backlog=flying[-1] - flying[0],
        in_flight=flying,
        rate=rate,
        p50_ms=reached(times, 0.50),
        p99_ms=reached(times, 0.99),
        dispatch_lag_p50_ms=reached(lags, 0.50) or 0.0,
        dispatch_lag_p99_ms=reached(lags, 0.99) or 0.0,
        failure_examples=_examples(due),
    )


def lost_or_duplicated(samples: Samples, window: Window) -> int:
    """Count the arrivals of a window that left no sample, or two, from all samples of one process of Locust.

    Arrivals are numbered in the order in which they are due, so a number missing between the window's first and last was lost.
    """
    due = [number for number, at in zip(samples.arrival, samples.due, strict=True) if window[0] <= at < window[1]]
    if not due:
        return 0
    first, last = min(due), max(due)
    found = Counter(number for number in samples.arrival if first <= number <= last)
    return last - first + 1 - len(found) + sum(count > 1 for count in found.values())


def rate_deviation(arrivals: int, expected: float) -> int:
    """Return how many arrivals a window has too few or too many, 0 where chance explains it: Poisson's, once in 10⁹ windows."""
    return round(abs(arrivals - expected)) if poisson_tail(arrivals, expected) < RATE_DEVIATION_ERROR / 2 else 0


def mismatched_requests(first: Samples, other: Samples) -> int:
    """Count the arrivals that both windows hold, that can be compared, and that did not ask for the same."""
    known, asked = _comparable(first), _comparable(other)
    return sum(known[number] != asked[number] for number in known.keys() & asked.keys())


def in_flight(samples: Samples, window: Window) -> list[int]:
    """Return the requests in flight at the window's beginning and after each of `GROWTH_SLICES` equal parts of it."""
    start, end = window
    moments = [start + (end - start) * part / GROWTH_SLICES for part in range(GROWTH_SLICES)] + [end]
    steps = [0] * (len(moments) + 1)
    for sent, ended in spans(samples):
        steps[bisect_left(moments, sent)] += 1
        steps[bisect_left(moments, ended)] -= 1
    return list(accumulate(steps))[:-1]


def most_in_flight(samples: Samples, window: Window) -> int:
    """Return the most requests that were in flight at once in a window, from all samples of the run of Locust."""
    flights = [(max(sent, window[0]), end) for sent, end in spans(samples) if sent < window[1] and end > window[0]]
    # At the same moment the end (-1) sorts before the beginning (+1): one connection may serve both.
    steps = sorted([(sent, 1) for sent, _ in flights] + [(end, -1) for _, end in flights])
    return max(accumulate((step for _, step in steps), initial=0))


def ordered_times(samples: Samples) -> list[float]:
    """Return the response times in ascending order, +∞ for every outcome but `ok`."""
    pairs = zip(samples.response_ms, samples.outcome, strict=True)
    return sorted(response if outcome == "ok" else math.inf for response, outcome in pairs)


def spans(samples: Samples) -> Iterator[tuple[float, float]]:
    """Yield when each request that was sent was sent and ended; an unfinished one has no end."""
    columns = zip(samples.due, samples.start_delay_ms, samples.response_ms, samples.outcome, strict=True)
    for due, delay, response, outcome in columns:
        if outcome != "dropped":
            yield due + delay / 1000, math.inf if outcome == "unfinished" else due + response / 1000


def _comparable(samples: Samples) -> dict[int, str]:
    return {
        number: asked
        for number, asked in zip(samples.arrival, samples.asked, strict=True)
        if asked != format.INCOMPARABLE
    }


def _examples(samples: Samples) -> list[str]:
    """Return how requests failed, the most frequent first."""
    rows = zip(samples.route, samples.status, samples.outcome, samples.reason, strict=True)
    seen = (f"{route}: {status or ''} {reason}".replace(":  ", ": ").strip() for route, status, outcome, reason in rows
            if outcome == "failed")  # fmt: skip
    return [text for text, _ in Counter(seen).most_common(MOST_EXAMPLES_OF_A_BLOCK)]
