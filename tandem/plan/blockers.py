"""Blockers: how those of a load are spread, and which stacks are measured under it: those that are through with them in time.

A stack has the loads of a round one after another. One that still works for clients that gave up long ago would show that as
harm of the next load, so it is left out of those that it is not through with when the next one's first phase begins.
"""

from __future__ import annotations

import math
from collections.abc import Container, Iterable, Sequence
from typing import Literal

import msgspec

from tandem.errors import TandemError
from tandem.plan.definition import Definition
from tandem.plan.stacks import Stacks
from tandem.records.setup import Blocking, Load

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
    if blocking.row.startswith("ladder-"):
        return budget.processes * (stack.ladder_places or 1)
    return budget.processes if blocking.holds_loop else math.inf
