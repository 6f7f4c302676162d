"""Replay: what queueing arithmetic makes of the schedule that was really sent, without chance and without a machine.

One queue with one place is Lindley's recursion W' = max(0, W + S − A) (1952), one with c places that of Kiefer and
Wolfowitz (1955). Of several queues an arrival joins that with the fewest in it, as nginx's least_conn does.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence
from typing import NamedTuple


class Job(NamedTuple):
    """One request: when it is due, and for how many seconds it holds its place."""

    due: float
    seconds: float


class Queue:
    """Places with one line before them, first come, first served."""

    def __init__(self, places: int) -> None:
        self._free = [0.0] * places  # when each place is free again; all equal, so a heap
        self._leaving: list[float] = []

    def waiting(self, now: float) -> int:
        """Return how many are in it, waiting or served."""
        while self._leaving and self._leaving[0] <= now:
            heapq.heappop(self._leaving)
        return len(self._leaving)

    def take(self, job: Job) -> float:
        """Let a request in, and return for how long it waits for a place."""
        start = max(job.due, heapq.heappop(self._free))
        heapq.heappush(self._free, start + job.seconds)
        heapq.heappush(self._leaving, start + job.seconds)
        return start - job.due


def waits(jobs: Iterable[Job], queues: int, places: int) -> list[float]:
    """Return how long each of these waits for a place, in seconds; they come in the order in which they are due."""
    lines = [Queue(places) for _ in range(queues)]
    return [min(lines, key=lambda line: line.waiting(job.due)).take(job) for job in jobs]


def responses_ms(
    bystanders: Sequence[tuple[float, float]], blockers: Sequence[Job], service: float, queues: int, places: int
) -> list[float]:
    """Return the predicted response times of bystanders, given as due time and latency without a queue, in milliseconds.

    `service` is for how many seconds each holds its place.
    """
    jobs = sorted(
        [(Job(due, service), latency) for due, latency in bystanders] + [(each, -1.0) for each in blockers],
        key=lambda each: each[0].due,
    )
    waited = waits([job for job, _ in jobs], queues, places)
    return [1000 * wait + latency for wait, (_, latency) in zip(waited, jobs, strict=True) if latency >= 0]
