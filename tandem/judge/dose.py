"""Dose and response: which share of bystanders misses a target, by how many blockers come per second and how long each blocks.

Closed forms for a reader's understanding; the number beside a measurement is the replay of what was really sent (`replay.py`).
b blockers per second block for D seconds each, the target leaves T seconds for waiting, and bystanders use ρ of each queue, so
that r = 1 − ρ of it is left. By PASTA (Wolff 1982) the share that misses is that of the time in which one would wait longer.
"""

from __future__ import annotations

import math


def spaced(rate: float, seconds: float, slack: float, used: float = 0.0) -> float:
    """Return the share that misses before one loop, blockers evenly spaced: b(D − T) ÷ r, as each costs λ(D − T) ÷ r."""
    return min(1.0, max(0.0, rate * (seconds - slack) / (1 - used)))


def loop(rate: float, seconds: float, slack: float, used: float = 0.0) -> float:
    """Return the same where they come at random (M/D/1): 1 − (1 − a/r)·e^{bT/r}, a = bD, for T < D.

    Between blockers what is left to do falls at rate r, and below D no jump can have landed, so its density obeys r·f(x) = b·F(x)
    with F(0) = 1 − a/r (Erlang 1909; Franx, *Operations Research Letters* 29, 2001, with one server). For T ≥ D Erlang's sum.
    """
    left = 1 - used
    free = 1 - rate * seconds / left
    if free <= 0:
        return 1.0
    pace = rate / left
    terms = [
        math.exp(pace * (slack - k * seconds)) * (-pace * (slack - k * seconds)) ** k / math.factorial(k)
        for k in range(math.floor(slack / seconds) + 1)
    ]
    return min(1.0, max(0.0, 1 - free * math.fsum(terms)))


def shared(rate: float, seconds: float, slack: float, slots: int) -> float:
    """Return the same before c slots with one queue (M/D/c), where few wait: the chance that c or more came in the last D − T.

    Crommelin 1932; Tijms, *A First Course in Stochastic Models* (2003), section 9.6. For small b it is about (b(D − T))^c ÷ c!,
    **slope c** where one loop has slope 1: so a pool is better by far until it is full, and then everything stops.
    """
    if rate * seconds >= slots:
        return 1.0
    mean = rate * max(0.0, seconds - slack)
    if not mean:
        return 0.0
    most = min(slots, round(mean + 40 * (math.sqrt(mean) + 1)))  # more have next to no chance
    below = math.fsum(math.exp(k * math.log(mean) - mean - math.lgamma(k + 1)) for k in range(most))
    return min(1.0, max(0.0, 1 - below))


def expected(
    arrivals: str, rate: float, seconds: float, slack: float, used: float, queues: int, places: int
) -> float:  # fmt: skip
    """Return the share for a stack of so many queues with so many places in each, blockers coming "uniform" or "poisson".

    Evenly spaced ones leave a pool free places always, or from some moment on never (D/D/c).
    """
    each = rate / queues
    if places > 1:
        return float(each * seconds >= places) if arrivals == "uniform" else shared(each, seconds, slack, places)
    return (spaced if arrivals == "uniform" else loop)(each, seconds, slack, used / queues)
