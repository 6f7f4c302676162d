"""Predictions: queueing arithmetic against sums over all states and against a simulated queue."""

from __future__ import annotations

import heapq
import random

import msgspec
import pytest

from tandem.judge.prediction import predict, queueing_seconds
from tests.support import synthetic
from tests.support.synthetic import ASGI, WSGI


@pytest.mark.parametrize(
    ("rate", "slots", "connections", "limit", "capacity", "p50"),
    [
        (80, 16, 100, "slots", 160, 100),
        (300, None, 100, "news connections", 1000, 100),
        (300, None, 16, "news connections", 160, None),  # cannot serve
        (160, 16, 16, "slots", 160, None),  # at capacity the queue grows without end
        (5, 1, 16, "slots", 10, 100),
    ],
)
def test_the_prediction_for_waiting(
    rate: float, slots: int | None, connections: int, limit: str, capacity: float, p50: float | None
) -> None:
    stack = synthetic.stack(ASGI, slots=slots)
    stack = msgspec.structs.replace(stack, budget=msgspec.structs.replace(stack.budget, news_connections=connections))
    load = synthetic.load("waiting", rate=rate)
    found = predict(load, stack, 150.0, 180.0)
    assert found is not None
    assert found.capacity == pytest.approx(capacity)
    assert (found.limit, found.rate, found.p50_ms) == (limit, rate, p50)
    assert (found.measured_rate, found.measured_p50_ms) == (150, 180)
    assert predict(msgspec.structs.replace(load, news_seconds=None), stack, None, None) is None


@pytest.mark.parametrize(
    ("rate", "wait", "places"), [(5.0, 0.1, 1), (80.0, 0.1, 16), (150.0, 0.1, 16), (950.0, 0.1, 100)]
)
def test_the_mean_time_in_the_queue_against_the_sum_over_all_states(rate: float, wait: float, places: int) -> None:
    """The chances of M/M/c to hold k requests, written out; for one place it is ρ ÷ (μ − λ)."""
    offered = rate * wait
    weights = [1.0]
    for number in range(1, places + 4000):
        weights.append(weights[-1] * offered / min(number, places))
    waiting = sum((number - places) * weight for number, weight in enumerate(weights) if number > places)
    assert queueing_seconds(rate, wait, places) == pytest.approx(waiting / sum(weights) / rate)


def test_a_queue_of_equal_waits_stays_within_the_prediction() -> None:
    """M/D/c by simulation: 16 places, 100 ms each, 150 arrivals per second of at most 160."""
    random_ = random.Random(5)
    due, free, times = 0.0, [0.0] * 16, []
    for _ in range(40_000):
        due += random_.expovariate(150.0)
        begin = max(due, heapq.heappop(free))
        heapq.heappush(free, begin + 0.1)
        times.append(1000 * (begin + 0.1 - due))
    found = predict(synthetic.load("waiting", rate=150.0), synthetic.stack(WSGI), None, None)
    assert found is not None
    assert found.p50_ms is not None
    assert found.p50_most_ms is not None
    assert found.p50_ms <= sorted(times)[20_000] <= found.p50_most_ms


@pytest.mark.parametrize(
    ("cpu_ms", "limit", "capacity", "serves"),
    [(None, "news connections", 1000, True), (0.5, "news connections", 1000, True), (2.0, "CPU", 500, True),
     (5.0, "CPU", 200, False)],
)  # fmt: skip
def test_no_more_is_promised_than_the_cpu_can_do(
    cpu_ms: float | None, limit: str, capacity: float, serves: bool
) -> None:
    """100 connections and waits of 100 ms allow 1,000 per second, but a request costs CPU, of which there is one."""
    stack = synthetic.stack(ASGI, slots=None)
    budget = msgspec.structs.replace(stack.budget, news_connections=100, cpus=1)
    found = predict(
        synthetic.load("waiting", rate=300.0), msgspec.structs.replace(stack, budget=budget), None, None, cpu_ms
    )
    assert found is not None
    assert (found.limit, found.cpu_ms, found.p50_ms) == (limit, cpu_ms, 100 if serves else None)
    assert found.capacity == pytest.approx(capacity)
    if serves and cpu_ms:  # M/M/1 on the CPU: c ÷ (1 − λ·c), beside the wait
        assert found.p50_most_ms == pytest.approx(100 + cpu_ms / (1 - 300 * cpu_ms / 1000), abs=0.01)
