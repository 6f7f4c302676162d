"""Replay: what queueing arithmetic makes of the schedule that was really sent, without chance and without a machine.

One queue with one place is Lindley's recursion W' = max(0, W + S − A) (1952), one with c places that of Kiefer and
Wolfowitz (1955). Of several queues an arrival joins that with the fewest in it, as nginx's least_conn does. Inside a place
there may be others, such as connections: who needs one keeps both until it is done.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence
from typing import NamedTuple


class Job(NamedTuple):
    """One request: when it is due, and for how many seconds it holds its place."""

    due: float
    seconds: float
    inside: bool = False  # whether it needs one of the places inside, too


class Inside(NamedTuple):
    """What only some requests need beside their place: so many in each queue, or in all together."""

    places: int  # 0: there is nothing such
    shared: bool = False


class Places:
    """Places of which each is taken, and given back."""

    def __init__(self, number: int) -> None:
        self._free = [0.0] * number  # when each is free again; all equal, so a heap

    def take(self, since: float) -> float:
        """Return when whoever asks for one from this moment on has it."""
        return max(since, heapq.heappop(self._free))

    def give(self, end: float) -> None:
        """Say when the one that was taken last is given back."""
        heapq.heappush(self._free, end)


class Queue:
    """Places with one line before them, first come, first served."""

    def __init__(self, places: int, inside: Places | None = None) -> None:
        self._places, self._inside = Places(places), inside
        self._leaving: list[float] = []

    def waiting(self, now: float) -> int:
        """Return how many are in it, waiting or served."""
        while self._leaving and self._leaving[0] <= now:
            heapq.heappop(self._leaving)
        return len(self._leaving)

    def take(self, job: Job) -> float:
        """Let a request in, and return for how long it waits until it has all that it needs."""
        start = self._places.take(job.due)
        if job.inside and self._inside is not None:
            start = self._inside.take(start)
            self._inside.give(start + job.seconds)
        self._places.give(start + job.seconds)
        heapq.heappush(self._leaving, start + job.seconds)
        return start - job.due


def waits(jobs: Iterable[Job], queues: int, places: int, inside: Inside | None = None) -> list[float]:
    """Return how long each of these waits, in seconds; they come in the order in which they are due."""
    kept = inside or Inside(0)
    shared = Places(kept.places) if kept.shared else None
    lines = [Queue(places, (shared or Places(kept.places)) if kept.places else None) for _ in range(queues)]
    return [min(lines, key=lambda line: line.waiting(job.due)).take(job) for job in jobs]


def responses_ms(
    bystanders: Sequence[tuple[float, float]], blockers: Sequence[Job], service: float, queues: int, places: int,
    inside: Inside | None = None, needing: Sequence[bool] = (),
) -> list[float]:  # fmt: skip
    """Return the predicted response times of bystanders, given as due time and latency without a queue, in milliseconds.

    `service` is for how many seconds each holds its place; `needing` says of each whether it needs one inside, none unless given.
    """
    needs = needing or [False] * len(bystanders)
    others = [(Job(due, service, need), latency) for (due, latency), need in zip(bystanders, needs, strict=True)]
    jobs = sorted(others + [(each, -1.0) for each in blockers], key=lambda each: each[0].due)
    waited = waits([job for job, _ in jobs], queues, places, inside)
    return [1000 * wait + latency for wait, (_, latency) in zip(waited, jobs, strict=True) if latency >= 0]
