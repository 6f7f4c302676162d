"""What a window with blockers did, as a block keeps it: what was measured, and beside it what its own schedule predicts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from openloop.format import Samples
from tandem.judge import replay
from tandem.judge.replay import Inside
from tandem.observe import phases
from tandem.observe.phases import Blocker, Bystander
from tandem.observe.samples import Window
from tandem.plan.blockers import places
from tandem.plan.definition import Definition
from tandem.plan.kinds import SENDS_SLOWLY
from tandem.plan.lab import STAYING
from tandem.records.blocked import ENDLESS, Blocked, Phase
from tandem.records.setup import Blocking, Budget
from tandem.rules import TARGETS_MS
from tandem.statistics import reached

NOTHING_INSIDE = Inside(0)


class Queues(NamedTuple):
    """The queues of a stack: each server, or loop, has one, with so many places, and in them what only some need."""

    number: int
    places: int
    inside: Inside = NOTHING_INSIDE


def queues(stack: Definition, cpus: Sequence[int], blocking: Blocking) -> Queues | None:
    """Return what blockers stand in: the slots of a server; a loop, which has one place where they hold it, and no end of them
    where they don't. None where something decides whose number nobody knows.

    Where they wait in threads beside the loop, as on the ladder, bystanders are reckoned to need one, too. Who sends slowly
    stands in none of them, but in nginx.
    """
    budget = stack.budget(len(cpus))
    if blocking.client == SENDS_SLOWLY:
        return Queues(budget.processes, ENDLESS)
    if budget.slots is not None:
        return _slots(stack, len(stack.server_cpus(cpus)), budget, budget.slots, blocking)
    if math.isfinite(known := places(blocking, stack, cpus)):
        if budget.processes > len(stack.server_cpus(cpus)):
            return None  # they share a socket: a connection stays with the process that took it, blocked or not
        return Queues(budget.processes, int(known) // budget.processes)
    inside = _inside(stack, blocking)
    return None if inside is None else Queues(budget.processes, ENDLESS, inside)


def _slots(stack: Definition, servers: int, budget: Budget, slots: int, blocking: Blocking) -> Queues | None:
    """Return the slots of a server, and what those within need, too; None where which process has it decides."""
    if blocking.client in STAYING:
        return None  # who leaves when the phase ends holds a slot for as long as it took to get one
    each, one_queue_each = slots // budget.processes, budget.processes == servers
    if blocking.holds == "process" and each > 1:
        return Queues(servers, 1) if one_queue_each else None
    inside = (
        NOTHING_INSIDE if blocking.holds == "threads" else _inside(stack, blocking)
    )  # a slot is a thread, or a process
    if inside is not None and not inside.shared and inside.places >= each:
        inside = NOTHING_INSIDE
    if inside is None or (inside.places and not inside.shared and not one_queue_each):
        return None
    return Queues(servers, slots // servers, inside)


def _inside(stack: Definition, blocking: Blocking) -> Inside | None:
    """Return what others need, too, and how many of it each process has, or all; None where nobody knows."""
    if blocking.holds == "writer":
        database = stack.application.database
        return Inside(1, shared=not (database and database.server))  # a server lets each process write
    known: int | None = 0
    if blocking.holds in ("connections", "threads"):
        known = stack.readers() if blocking.holds == "connections" else stack.pool_threads()
    return None if known is None else Inside(known)


def blocked(blocking: Blocking, samples: Samples, window: Window, service: float, queues: Queues | None) -> Blocked:
    """Return what became of bystanders and blockers; `service` is the CPU seconds that a bystander costs the app."""
    others, blockers = phases.bystanders(samples, window), phases.blockers(samples, window)
    found = phases.phases(others, blocking, window)
    if blocking.control:
        blockers = burnt(blocking, window)
    good = sorted(1000 * (each.end - each.due) for each in blockers if each.outcome == "ok")
    _, begin, over, end = phases.moments(blocking, window)
    since = max((each.end for each in blockers), default=over)
    recovery, relapses = phases.recovery(others, begin, since, end, found[0])
    holding = [] if blocking.control else blockers
    return Blocked(
        phases=found,
        blockers=len(blockers),
        completed=len(good),
        refused=sum(each.outcome == "failed" and each.status > 0 for each in blockers),
        blocker_p50_ms=reached(good, 0.50),
        recovery=recovery,
        relapses=relapses,
        predicted=predicted(blocking, others, holding, found[0], window, service, queues) if queues else None,
        service_ms=1000 * service,
        queues=queues.number if queues else 1,
        places=queues.places if queues else 0,
        inside=queues.inside.places * (1 if queues.inside.shared else queues.number) if queues else 0,
    )


def burnt(blocking: Blocking, window: Window) -> list[Blocker]:
    """Return what an outside process burnt, as if each had been a blocker that was answered; it holds no place of the stack."""
    begin = phases.moments(blocking, window)[1]
    dues = [begin + number / blocking.rate for number in range(blocking.number)]
    return [Blocker(due, due + blocking.milliseconds / 1000, "ok", 200) for due in dues]


def _seconds(blocking: Blocking, blockers: Sequence[Blocker]) -> float:
    """Return for how long each blocks; where nobody knows beforehand, as long as the one that was answered soonest took."""
    took = [each.end - each.due for each in blockers if each.outcome == "ok"]
    return min(took) if blocking.about and took else blocking.milliseconds / 1000


def predicted(
    blocking: Blocking, others: list[Bystander], blockers: list[Blocker], first: Phase, window: Window, service: float,
    queues: Queues,
) -> list[int]:  # fmt: skip
    """Return how many of those due from the first blocker on miss each target, by replaying the schedule that was sent.

    Whatever a bystander takes without a queue is its route's median before anybody blocked.
    """
    usual = {each.route: each.p50_ms or 0.0 for each in first.routes}
    each_takes = _seconds(blocking, blockers)
    jobs = [replay.Job(each.due, each_takes, inside=True) for each in blockers]
    bystanders = [(each.due, usual[each.route]) for each in others]
    needing = [each.route in blocking.needed_by for each in others]
    number, places, inside = queues
    found = replay.responses_ms(bystanders, jobs, service, number, places, inside, needing)
    on = phases.moments(blocking, window)[1]
    times = [time for each, time in zip(others, found, strict=True) if each.due >= on]
    return [sum(time > target for time in times) for target in TARGETS_MS]
