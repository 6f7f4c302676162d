"""Prediction: how many will be late, by replaying a schedule through the queues that a blocker stands in.

It counts who waits for a loop or for a slot, as arithmetic does; not who waits for a connection, a lock, the GIL or a CPU.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from tandem.judge import replay
from tandem.judge.replay import Job
from tandem.live.dots import IN_TIME_SECONDS
from tandem.live.setup import Lane
from tandem.plan.kinds import NATIVE, SENDS_SLOWLY, Kind

SERVICE = 0.0015
"""Seconds of CPU that a bystander costs an app: about what a cheap request does (docs/sample/report.md). The rest of its time it
is on its way, where nobody waits behind it."""


class LaneQueues(NamedTuple):
    """Queues, and the places in each, of which a blocker holds one."""

    number: int
    places: int


class LateCount(NamedTuple):
    """How many of so many are late."""

    late: int
    of: int


def queues(kind: Kind, wrong: bool, lane: Lane) -> LaneQueues | None:
    """Return what a blocker of this kind stands in; None where it holds up nothing of it."""
    if kind.client == SENDS_SLOWLY:
        return None
    if lane.slots is None:
        return LaneQueues(lane.processes, 1) if wrong and kind.planted else None
    if wrong and kind.stall in NATIVE:
        return LaneQueues(lane.processes, 1)
    return LaneQueues(lane.servers, lane.slots // lane.servers)


def known(kind: Kind, wrong: bool, lane: Lane) -> bool:
    """Tell whether these queues are what decides: behind what a loop shares, such as connections, they are not."""
    return lane.slots is not None or not (wrong and kind.holds)


def longest(stands_in: LaneQueues | None, seconds: float, number: int) -> float:
    """Return how long it takes until the last of so many blockers has left, if nobody else is there."""
    places = stands_in.number * stands_in.places if stands_in else number
    return seconds * math.ceil(number / places)


def before(stands_in: LaneQueues | None, seconds: float, number: int, rate: float, usual: float) -> LateCount:
    """Predict for bystanders that come evenly spaced, and `number` blockers that each hold a place for so many seconds.

    `usual` is how many seconds a bystander takes by itself.
    """
    dues = [(each + 0.5) / rate for each in range(int(rate * (2 * longest(stands_in, seconds, number) + 1)))]
    return replayed(stands_in, [Job(0.0, seconds)] * number, dues, usual)


def replayed(stands_in: LaneQueues | None, blockers: Sequence[Job], dues: Sequence[float], usual: float) -> LateCount:
    """Predict for bystanders of these due times: who is late of those due from the first blocker until the last one has left.

    Each takes `usual` seconds without a queue, and holds its place for SERVICE of them.
    """
    jobs = sorted([(each, True) for each in blockers] + [(Job(due, SERVICE), False) for due in dues])
    waits = replay.waits([job for job, _ in jobs], *stands_in) if stands_in else [0.0] * len(jobs)
    found = list(zip(waits, jobs, strict=True))
    start = min(job.due for job in blockers)
    end = max(wait + job.due + job.seconds for wait, (job, blocks) in found if blocks)
    meanwhile = [wait + usual for wait, (job, blocks) in found if not blocks and start <= job.due <= end]
    return LateCount(sum(took > IN_TIME_SECONDS for took in meanwhile), len(meanwhile))
