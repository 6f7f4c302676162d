"""Loads: how each scenario is driven, at a rate, to saturation or with blockers, and in how many slices."""

from __future__ import annotations

import math
from collections.abc import Container, Mapping

import msgspec

from tandem.plan.scenarios import Blockers, ScenarioRow, Scenarios
from tandem.records.setup import Blocking, Budget, Load

RATE_CAP = 300.0
"""Arrivals per second of every scenario, unless arithmetic says that some stack could not serve twice as many."""

IN_FLIGHT, TIMEOUT_SECONDS = 1000, 10.0
"""Far beyond what a stack that keeps up ever has in flight, and the time after which a request has failed."""

Phases = tuple[float, float, float]
"""Seconds before, while and after blockers come."""

PHASE_SECONDS: Phases = (3, 4, 3)

SATURATION_SECONDS = 4
"""Length of a window at saturation, unless the profile's is shorter: at 300/s and more it holds over 1,000 answers."""


def all_loads(
    scenarios: Scenarios,
    at_rate: Container[str],
    saturated: Container[str],
    seconds: int,
    warmup: int,
    budgets: Mapping[str, Budget],
    rate: float | None = None,
    phases: Phases = PHASE_SECONDS,
    slices: int | None = None,
    both: bool = False,
) -> list[Load]:
    """Return the loads of these scenarios, in their order and each at its rate first, on stacks with these budgets.

    The first one warms a fresh stack for `warmup` seconds if it is in one piece. Each further one, whose workers are warm by
    then, and those in slices, before which every worker was asked for pages (`launch/warmup.py`), warm it half as long. That is
    rounded up to whole seconds except in slices, of which a part is enough, and where blockers come: before them there is a
    phase that isn't compared.
    So many `slices` are cut instead of what suits a window; with `both` each that has slices is also measured in one piece.
    """
    found = []
    for name, row in scenarios.items():
        if name in at_rate:
            found.append(load(name, row, seconds, warmup, budgets, rate, phases))
        if name in saturated:
            found.append(saturation(name, row, min(seconds, SATURATION_SECONDS), warmup))
    found = [_cut(each, scenarios[each.clients], slices) for each in found]
    if both:
        found = [*(in_one_piece(each) for each in found if each.slices), *found]
    in_turn = any(each.slices for each in found)  # those come first
    return [
        each if place == 0 and not in_turn else msgspec.structs.replace(each, warmup_seconds=_further(each, warmup))
        for place, each in enumerate(found)
    ]


def _further(load: Load, warmup: int) -> float:
    return warmup / 2 if load.blocking or load.slices else -(-warmup // 2)


def turns(load: Load) -> int:
    """Return how many turns each stack takes under a load, those of its warm-up included; 0 where it takes none."""
    return load.slices and load.slices + math.ceil(load.warmup_seconds * load.slices / load.seconds)


WHOLE = "in one piece"
"""What the name of a load ends with that is measured in slices, too."""


SHORTEST, LONGEST = 0.5, 1.0
"""Seconds of a slice: shorter ones hold little beside what their ends blur, longer ones drift apart."""

FEWEST_SLICES = 8
"""Slices of a block, where they are not too short then."""


def suiting(seconds: float) -> int:
    """Return how many slices suit a window; 0 where it is too short for any."""
    found = min(max(FEWEST_SLICES, math.ceil(seconds / LONGEST)), int(seconds / SHORTEST))
    return found if found > 1 else 0


def _cut(load: Load, row: ScenarioRow, slices: int | None) -> Load:
    """Return a load with slices, unless its scenario is to be measured in one piece, or it has phases."""
    whole = ("saturation" if load.saturates else "rate") in row.contiguous
    number = suiting(load.seconds) if slices is None else slices
    return msgspec.structs.replace(load, slices=0 if whole or load.blocking else number)


def in_one_piece(load: Load) -> Load:
    """Return the same load under another name and in one piece, to be held against the one in slices."""
    return msgspec.structs.replace(
        load, scenario=f"{load.scenario} {WHOLE}", drives=load.clients, slices=0, situation=""
    )


def scaled(phases: Phases, seconds: float) -> Phases:
    """Return phases that together take so many seconds."""
    before, on, after = (each * seconds / sum(phases) for each in phases)
    return before, on, after


def saturation(name: str, row: ScenarioRow, seconds: float, warmup: float) -> Load:
    """Return how one scenario is driven to saturation: so many clients ask again as soon as they are answered."""
    return Load(
        scenario=f"{name} at saturation",
        drives=name,
        situation=row.situation,
        arrivals="closed",
        rate=0.0,
        in_flight=row.concurrency,
        timeout_seconds=TIMEOUT_SECONDS,
        warmup_seconds=warmup,
        seconds=seconds,
        news_seconds=row.news_seconds,
    )


def load(
    name: str,
    row: ScenarioRow,
    seconds: float,
    warmup: float,
    budgets: Mapping[str, Budget],
    rate: float | None = None,
    phases: Phases = PHASE_SECONDS,
) -> Load:
    """Return how one scenario is driven."""
    chosen, why = (rate, "as asked for") if rate else headline_rate(row, budgets)
    blocking = _blocking(row.blockers, phases) if row.blockers else None
    return Load(
        scenario=name,
        situation=row.situation,
        arrivals="poisson",
        rate=chosen,
        in_flight=IN_FLIGHT,
        timeout_seconds=TIMEOUT_SECONDS,
        warmup_seconds=warmup,
        seconds=seconds if blocking is None else blocking.before + blocking.on + blocking.after,
        news_seconds=row.news_seconds,
        not_judged={str(metric): reason for metric, reason in row.not_judged.items()},
        why_rate=why,
        blocking=blocking,
    )


def _blocking(blockers: Blockers, phases: Phases) -> Blocking:
    """Return who blocks, and when."""
    before, on, after = phases
    return Blocking(
        kind=blockers.kind,
        route=f"GET {blockers.path}",
        rate=blockers.per_second,
        milliseconds=blockers.ms,
        before=before,
        on=on,
        after=after,
    )


def headline_rate(row: ScenarioRow, budgets: Mapping[str, Budget]) -> tuple[float, str]:
    """Return the arrivals per second at which stacks are compared, and what bounded them.

    Half of what the weakest stack can serve, as far as arithmetic knows that (`ScenarioRow.bound`). At three quarters a stack
    already sits on its knee.
    """
    if row.rate is not None:
        return row.rate, "as the scenario says"
    bounds = {name: bound for name, budget in budgets.items() if (bound := row.bound(budget))}
    weakest = min(bounds, key=lambda name: bounds[name][0], default="")
    capacity, why = bounds.get(weakest, (2 * RATE_CAP, ""))
    if capacity / 2 < RATE_CAP:
        return max(1.0, float(int(capacity / 2))), f"half of the {capacity:g}/s that {why} allow {weakest}"
    return RATE_CAP, "the profile's cap"
