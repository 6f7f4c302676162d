"""Predictions: what queueing arithmetic says about a scenario that waits. Arithmetic is not a finding."""

from __future__ import annotations

import msgspec

from tandem.records.setup import Load, Stack


class Prediction(msgspec.Struct, frozen=True, kw_only=True):
    """What a stack can serve when nothing but waiting takes time, beside what was measured."""

    scenario: str
    stack: str
    waiting: int  # requests that can wait for the news service at once
    limit: str  # what bounds them: "slots" or "news connections"
    capacity: float  # requests per second
    rate: float  # arrivals per second that were offered
    p50_ms: float | None  # at least; None: cannot serve the rate
    p50_most_ms: float | None  # at most, had the waits been spread like those of independent random services
    measured_rate: float | None
    measured_p50_ms: float | None


def predict(load: Load, stack: Stack, measured_rate: float | None, measured_p50_ms: float | None) -> Prediction | None:
    """Return what a queue with c places predicts; None where the scenario doesn't wait for the news.

    c = min(slots, news connections) requests wait for w seconds each, so c ÷ w per second get through. Below that rate the
    response takes w and the time in the queue. With equal waits that is on average at most what M/M/c has, where they scatter
    (Kleinrock, *Queueing Systems* vol. 1, 1975, section 3.5), and half of the requests stay within the average.
    """
    wait, connections, slots = load.news_seconds, stack.budget.news_connections, stack.budget.slots
    if not wait or load.saturates:
        return None
    places = min(connections, slots or connections)
    capacity = places / wait
    serves = load.rate < capacity
    return Prediction(
        scenario=load.scenario,
        stack=stack.name,
        waiting=places,
        # Of equal bounds the slots are named, before the connections that were chosen to match them.
        limit="slots" if slots is not None and slots <= connections else "news connections",
        capacity=capacity,
        rate=load.rate,
        p50_ms=1000 * wait if serves else None,
        p50_most_ms=1000 * (wait + queueing_seconds(load.rate, wait, places)) if serves else None,
        measured_rate=measured_rate,
        measured_p50_ms=measured_p50_ms,
    )


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
