"""Predictions: what queueing arithmetic says about a scenario that waits. Arithmetic is not a finding."""

from __future__ import annotations

from math import inf

import msgspec

from tandem.records.setup import Load, Stack


class Prediction(msgspec.Struct, frozen=True, kw_only=True):
    """What a stack can serve by its places to wait and its CPUs, beside what was measured."""

    scenario: str
    stack: str
    waiting: int  # requests that can wait for the news service at once
    limit: str  # what bounds the capacity: "slots", "news connections" or "CPU"
    cpu_ms: (
        float | None
    )  # of app and nginx, that a request was measured to cost; None: unknown, nothing is bounded by it
    capacity: float  # requests per second
    rate: float  # arrivals per second that were offered
    p50_ms: float | None  # at least; None: cannot serve the rate
    p50_most_ms: float | None  # at most, had the waits been spread like those of independent random services
    measured_rate: float | None
    measured_p50_ms: float | None


def predict(
    load: Load, stack: Stack, measured_rate: float | None, measured_p50_ms: float | None, cpu_ms: float | None = None
) -> Prediction | None:
    """Return what a queue with c places predicts; None where the scenario doesn't wait for the news.

    c = min(slots, news connections) requests wait for w seconds each, so c ÷ w per second get through, and no more than CPUs ÷
    the CPU that a request was measured to cost. Below that rate the response takes w, the time in the queue, and that for the
    CPU. With equal waits that is on average at most what M/M/c has, where they scatter (Kleinrock, *Queueing Systems* vol. 1,
    1975, section 3.5), and half of the requests stay within the average.
    """
    wait, connections, slots = load.news_seconds, stack.budget.news_connections, stack.budget.slots
    if not wait or load.saturates:
        return None
    places = min(connections, slots or connections)
    cpus, cpu = stack.budget.cpus, (cpu_ms or 0) / 1000
    by_waiting, by_cpu = places / wait, cpus / cpu if cpu else inf
    capacity = min(by_waiting, by_cpu)
    serves = load.rate < capacity
    # Of equal bounds the slots are named, before the connections that were chosen to match them.
    waits_for = "slots" if slots is not None and slots <= connections else "news connections"
    return Prediction(
        scenario=load.scenario,
        stack=stack.name,
        waiting=places,
        limit="CPU" if by_cpu < by_waiting else waits_for,
        cpu_ms=cpu_ms,
        capacity=capacity,
        rate=load.rate,
        p50_ms=1000 * wait if serves else None,
        p50_most_ms=1000 * (in_system(load.rate, wait, places) + in_system(load.rate, cpu, cpus)) if serves else None,
        measured_rate=measured_rate,
        measured_p50_ms=measured_p50_ms,
    )


def in_system(rate: float, seconds: float, places: int) -> float:
    """Return the mean time of M/M/c from arrival to departure, 0 for what takes none."""
    return seconds + queueing_seconds(rate, seconds, places) if seconds else 0.0


def queueing_seconds(rate: float, wait: float, places: int) -> float:
    """Return the mean time in the queue of M/M/c (Erlang C), for `rate` < `places` ÷ `wait`.

    The chance of finding all places taken comes from Erlang B: B(0) = 1, B(c) = a·B(c − 1) ÷ (c + a·B(c − 1)), a = rate · wait.
    """
    offered = rate * wait
    blocked = 1.0
    for place in range(1, places + 1):
        blocked = offered * blocked / (place + offered * blocked)
    busy = offered / places
    queued = blocked / (1 - busy * (1 - blocked))
    return queued * wait / (places - offered)
