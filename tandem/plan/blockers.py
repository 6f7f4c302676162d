"""Blockers: how those of a load are spread, and which stacks are measured under it: those that are through with them in time.

A stack has the loads of a round one after another. One that still works for clients that gave up long ago would show that as
harm of the next load, so it is left out of those that it is not through with when the next one's first phase begins.
"""

from __future__ import annotations

import math
from collections.abc import Container, Iterable, Mapping, Sequence
from typing import Literal

import msgspec

from tandem.errors import TandemError
from tandem.plan.definition import Definition
from tandem.plan.stacks import Stacks
from tandem.records.setup import Blocking, Load
from tandem.rules import GOOD_SECONDS

LONGEST_AFTER = 20.0
"""Seconds of a last phase, at most."""

QUEUED = 1.3
"""What bystanders who waited behind blockers add to the time until all are through: a guess. Where it is too little, the report
says that recovery was not seen."""

RECOVERY_MARGIN = 0.7
"""Seconds of the last phase beyond what is needed to see recovery."""

Spread = Literal["uniform", "poisson"]


def spread(load: Load, arrivals: Spread) -> Load:
    """Return a load whose blockers come so; what burns as much CPU as they do, in their place, burns evenly."""
    assert load.blocking is not None
    if load.blocking.control:
        return load
    return msgspec.structs.replace(load, blocking=msgspec.structs.replace(load.blocking, arrivals=arrivals))


def measured(loads: Iterable[Load], stacks: Stacks, cpus: Sequence[int], leaving: Container[str]) -> list[Load]:
    """Return these loads with the stacks that are measured under each, but for those under which none is.

    `leaving` are clients that are gone when the phase ends, however busy a stack is. Raises TandemError where no load is left.
    """
    found = []
    for load in loads:
        names = [name for name, stack in stacks.items() if _left(load, leaving) or in_time(load, stack, cpus)]
        if names:
            found.append(load if len(names) == len(stacks) else msgspec.structs.replace(load, stacks=names))
    if not found:
        raise TandemError(
            f"{', '.join(stacks)} would be busy with what blocks long after its clients gave up: "
            "choose stacks that serve more at once"
        )
    return found


def watched(loads: Sequence[Load], stacks: Stacks, cpus: Sequence[int], leaving: Container[str]) -> list[Load]:
    """Return loads whose last phase lasts until their slowest stack should be through with what blocks, and its recovery seen.

    Where it ended before, late requests would be cut off, by as much as a stack is slow. It is as long for each way of a kind.
    """
    longest: dict[str, float] = {}
    for load in loads:
        if load.blocking is not None and not _left(load, leaving):
            through = max(_through(load.blocking, stacks[name], cpus) for name in load.stacks or stacks)
            after = max(
                load.blocking.after, float(math.ceil(min(through + GOOD_SECONDS + RECOVERY_MARGIN, LONGEST_AFTER)))
            )
            longest[load.blocking.row] = max(after, longest.get(load.blocking.row, 0.0))
    return [_with_after(load, longest) for load in loads]


def _with_after(load: Load, longest: Mapping[str, float]) -> Load:
    blocking = load.blocking
    if blocking is None or blocking.row not in longest:
        return load
    more = longest[blocking.row] - blocking.after
    blocking = msgspec.structs.replace(blocking, after=blocking.after + more)
    return msgspec.structs.replace(load, seconds=load.seconds + more, blocking=blocking)


def _through(blocking: Blocking, stack: Definition, cpus: Sequence[int]) -> float:
    """Return how many seconds after the last blocker came a stack should be through with all, and with whom they held up."""
    each = blocking.milliseconds / 1000
    return max(each, QUEUED * (blocking.number * each / places(blocking, stack, cpus) - blocking.on))


def _left(load: Load, leaving: Container[str]) -> bool:
    return load.blocking is None or load.blocking.client in leaving


def in_time(load: Load, stack: Definition, cpus: Sequence[int]) -> bool:
    """Tell whether a stack is through with the last blocker when its client gave up and the next load's warm-up is over."""
    assert load.blocking is not None
    busy = load.blocking.number * load.blocking.milliseconds / 1000 / places(load.blocking, stack, cpus)
    return busy <= load.blocking.on + load.timeout_seconds + load.warmup_seconds


def places(blocking: Blocking, stack: Definition, cpus: Sequence[int]) -> float:
    """Return how many blockers a stack serves at once: one in each slot; on a loop one that holds it, and any others."""
    budget = stack.budget(len(cpus))
    if budget.slots is not None:
        return budget.slots
    if blocking.holds_loop is None:
        return budget.processes * (stack.ladder_places or 1)
    return budget.processes if blocking.holds_loop else math.inf
