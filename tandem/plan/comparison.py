"""The plan of a comparison: a profile with what is given in its place, checked before anything is started."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec

from tandem.errors import TandemError
from tandem.plan import asked, cpu_layout, profiles, refusals
from tandem.plan.definition import DECOY
from tandem.plan.loads import all_loads, scaled
from tandem.plan.profiles import Profile
from tandem.plan.run import Plan
from tandem.plan.scenarios import load as load_scenarios
from tandem.plan.stacks import Stacks, choose, on_database

EXPLORATORY_WARMUP = 1
"""Seconds of warm-up where the numbers are only for looking at."""


def plan(
    profile: Profile,
    stacks: Stacks,
    *,
    names: Sequence[str] | None = None,
    baseline: str | None = None,
    scenarios: Sequence[str] | None = None,
    load: Literal["rate", "saturation", "both"] | None = None,
    rounds: int | None = None,
    seconds: int | None = None,
    warmup: int | None = None,
    users: int | None = None,
    rate: int | None = None,
    extension: int = 0,
    seed: int,
    cpus: int = 1,
    waive: Sequence[str] = (),
    slices: int | None = None,
    in_one_piece_too: bool = False,
    database: str | None = None,
) -> Plan:
    """Return the plan of a profile with what is given in its place. Raises TandemError where it makes no sense."""
    chosen, first = _chosen(
        profile, on_database(choose(stacks, list(profile.stacks if names is None else names)), database), baseline
    )
    known = load_scenarios(chosen[first].application.load_test)
    rows, at_rate, saturated = asked.choose(profile, known, scenarios, load or ("rate" if rate else None))
    refusals.refuse_unfit(chosen, known, rows)
    layout = cpu_layout.layout(cpus)
    budgets = {name: definition.budget(len(layout.stack)) for name, definition in chosen.items()}
    loads = all_loads(
        rows,
        at_rate,
        saturated,
        seconds or profile.seconds,
        profile.warmup if warmup is None else warmup,
        budgets,
        rate,
        profile.phases if seconds is None else scaled(profile.phases, seconds),
        slices,
        in_one_piece_too,
    )
    loads = [msgspec.structs.replace(each, decoy=profile.decoy_blocked or not each.blocking) for each in loads]
    refusals.refuse_short_slices(loads)
    count = rounds or profile.rounds
    headlines = profiles.headlines(rows, loads, count, profile)
    too_few = refusals.too_few_rounds(count, len(headlines) * (len(chosen) - 1), 2 if extension else 1)
    if too_few and (rounds is None or extension):
        raise TandemError(f"{too_few}, or fewer stacks or scenarios")
    if too_few and warmup is None:
        loads = [msgspec.structs.replace(load, warmup_seconds=EXPLORATORY_WARMUP) for load in loads]
    return Plan(
        profile=profile.name,
        first_look=profile.first_look,
        definitions=chosen if too_few else {**chosen, DECOY: chosen[first]},
        baseline=first,
        loads=loads,
        headlines=headlines,
        rounds=count,
        extension=extension,
        spares=0 if too_few else profile.spares,
        seed=seed,
        users=users or profile.users,
        layout=layout,
        waive=waive,
        capacity=[] if too_few else [name for name in profile.capacity if scenarios is None or name in scenarios],
        exploratory=too_few,
    )


def _chosen(profile: Profile, chosen: Stacks, baseline: str | None) -> tuple[Stacks, str]:
    """Return the stacks and the baseline among them."""
    if len(chosen) < 2:
        raise TandemError("a comparison needs two stacks or more: give --stacks A,B")
    if baseline is None and profile.baseline not in chosen:
        raise TandemError(f"no baseline among the stacks: give --baseline with one of {', '.join(chosen)}")
    refusals.refuse_different_apps(chosen)
    first = baseline or profile.baseline
    if first not in chosen:
        raise TandemError(
            f"the baseline {first!r} is none of the stacks: add it to --stacks or name one of {', '.join(chosen)}"
        )
    return chosen, first
