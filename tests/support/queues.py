"""Queues: made-up stacks of known utilisation, as the generator would see them, to learn what chance does to a rule."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tandem.rules import GROWTH_SLICES

Numbers = NDArray[np.float64]
Service = Callable[[int], Numbers]


@dataclass(frozen=True)
class Blocks:
    """Windows of one made-up stack: requests in flight over each, and how many arrived."""

    in_flight: NDArray[np.int64]
    arrivals: NDArray[np.int64]


def blocks(
    rate: float, seconds: float, servers: int | None, mean: float, equal: bool, count: int, seed: int, warmup: float = 1
) -> Blocks:
    """Simulate so many windows: Poisson arrivals, an idle stack at first, first come first served by `servers`; None: no queue.

    Each request takes `mean` seconds, all the same or exponentially spread; utilisation is rate × mean ÷ servers.
    """
    random = np.random.default_rng(seed)
    span = seconds + warmup
    number = int(rate * span + 6 * math.sqrt(rate * span) + 10)
    due = np.cumsum(random.exponential(1 / rate, (number, count)), 0) - warmup
    takes = np.full((number, count), mean) if equal else random.exponential(mean, (number, count))
    ends = due + takes if servers is None else _served(due, takes, servers)
    moments = np.linspace(0, seconds, GROWTH_SLICES + 1)
    in_flight = np.array([((due <= moment) & (ends > moment)).sum(0) for moment in moments]).T
    return Blocks(in_flight, ((due >= 0) & (due < seconds)).sum(0))


def _served(due: Numbers, takes: Numbers, servers: int) -> Numbers:
    """Return when each request ends that waits for the first server that is free."""
    free, ends, every = np.full((servers, due.shape[1]), -math.inf), np.empty_like(due), np.arange(due.shape[1])
    for place, (arrival, time) in enumerate(zip(due, takes, strict=True)):
        first = free.argmin(0)
        ends[place] = free[first, every] = np.maximum(free[first, every], arrival) + time
    return ends
