"""Predictions: what queueing arithmetic says about a scenario that waits. Arithmetic is not a finding."""

from __future__ import annotations

import msgspec

from tandem.records import Load, Stack


class Prediction(msgspec.Struct, frozen=True, kw_only=True):
    """What a stack can reach at most when nothing but waiting takes time, beside what was measured."""

    scenario: str
    stack: str
    waiting: int  # requests that can wait for the news service at once
    limit: str  # what bounds the rate: "slots", "news connections" or "users"
    rate: float  # requests per second
    p50_ms: float
    measured_rate: float | None
    measured_p50_ms: float | None


def predict(load: Load, stack: Stack, measured_rate: float | None, measured_p50_ms: float | None) -> Prediction | None:
    """Return the ceiling of a closed loop of `load.users` users; None where the scenario doesn't wait for the news.

    Users alone ask at most users ÷ (wait + think) times a second; min(slots, connections) ÷ wait get through. The smaller one is
    the rate X, and Little's law for a closed loop (users = X · (response + think)) gives the response time.
    """
    wait, think = load.news_seconds, load.think_seconds
    if not wait or load.users < 1:
        return None
    # The first of equal bounds is named: slots before the connections that were chosen to match them.
    bounds = [("users", load.users / (wait + think))]
    if stack.budget.slots is not None:
        bounds.append(("slots", stack.budget.slots / wait))
    bounds.append(("news connections", stack.budget.news_connections / wait))
    limit, rate = min(bounds, key=lambda bound: bound[1])
    return Prediction(
        scenario=load.scenario,
        stack=stack.name,
        waiting=min(load.users, stack.budget.news_connections, stack.budget.slots or load.users),
        limit=limit,
        rate=rate,
        p50_ms=1000 * max(wait, load.users / rate - think) if rate else 0.0,
        measured_rate=measured_rate,
        measured_p50_ms=measured_p50_ms,
    )
