"""What a window with blockers did, as a block keeps it: what was measured, and beside it what its own schedule predicts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from tandem.judge import replay
from tandem.observe import phases
from tandem.observe.phases import Blocker, Bystander
from tandem.observe.samples import Samples, Window
from tandem.plan.definition import Definition
from tandem.plan.kinds import SENDS_SLOWLY
from tandem.records.blocked import Blocked, Phase
from tandem.records.setup import Blocking
from tandem.rules import TARGETS_MS
from tandem.statistics import reached


class Queues(NamedTuple):
    """The queues of a stack: each server, or loop, has one, with so many places."""

    number: int
    places: int


ENDLESS = 100_000
"""Places of a loop that goes on meanwhile: more than any load has requests."""


def queues(stack: Definition, cpus: Sequence[int], blocking: Blocking) -> Queues:
    """Return what blockers stand in: the slots of a server; a loop, which has one place where they hold it.

    Where they wait in threads beside the loop, bystanders are reckoned to need one, too.
    Who sends slowly stands in none of them, but in nginx.
    """
    budget = stack.budget(len(cpus))
    if blocking.client == SENDS_SLOWLY:
        return Queues(budget.processes, ENDLESS)
    if budget.slots is not None:
        servers = len(stack.server_cpus(cpus))
        return Queues(servers, budget.slots // servers)
    if blocking.row.startswith("ladder-"):
        return Queues(budget.processes, stack.ladder_places or 1)
    return Queues(budget.processes, 1 if blocking.holds_loop else ENDLESS)


def blocked(blocking: Blocking, samples: Samples, window: Window, service: float, queues: Queues) -> Blocked:
    """Return what became of bystanders and blockers; `service` is the CPU seconds that a bystander costs the app."""
    others, blockers = phases.bystanders(samples, window), phases.blockers(samples, window)
    found = phases.phases(others, blocking, window)
    if blocking.control:
        blockers = burnt(blocking, window)
    good = sorted(1000 * (each.end - each.due) for each in blockers if each.outcome == "ok")
    since = max((each.end for each in blockers), default=phases.moments(blocking, window)[2])
    recovery, relapses = phases.recovery(others, since, window[1], found[0])
    return Blocked(
        phases=found,
        blockers=len(blockers),
        completed=len(good),
        refused=sum(each.outcome == "failed" and each.status > 0 for each in blockers),
        blocker_p50_ms=reached(good, 0.50),
        recovery=recovery,
        relapses=relapses,
        predicted=predicted(blocking, others, [] if blocking.control else blockers, found[0], window, service, queues),
        service_ms=1000 * service,
        queues=queues.number,
        places=queues.places,
    )


def burnt(blocking: Blocking, window: Window) -> list[Blocker]:
    """Return what an outside process burnt, as if each had been a blocker that was answered; it holds no place of the stack."""
    begin = phases.moments(blocking, window)[1]
    dues = [begin + number / blocking.rate for number in range(blocking.number)]
    return [Blocker(due, due + blocking.milliseconds / 1000, "ok", 200) for due in dues]


def predicted(
    blocking: Blocking, others: list[Bystander], blockers: list[Blocker], first: Phase, window: Window, service: float,
    queues: Queues,
) -> list[int]:  # fmt: skip
    """Return how many of those due from the first blocker on miss each target, by replaying the schedule that was sent.

    Whatever a bystander takes without a queue is its route's median before anybody blocked.
    """
    usual = {each.route: each.p50_ms or 0.0 for each in first.routes}
    jobs = [replay.Job(each.due, blocking.milliseconds / 1000) for each in blockers]
    bystanders = [(each.due, usual[each.route]) for each in others]
    on = phases.moments(blocking, window)[1]
    times = [
        time
        for each, time in zip(others, replay.responses_ms(bystanders, jobs, service, *queues), strict=True)
        if each.due >= on
    ]
    return [sum(time > target for time in times) for target in TARGETS_MS]
