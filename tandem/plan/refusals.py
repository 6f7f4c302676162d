"""What makes no sense together, said before anything is started: each raises TandemError, or returns why."""

from __future__ import annotations

from collections.abc import Sequence

from tandem import statistics
from tandem.errors import TandemError
from tandem.plan.scenarios import Scenarios
from tandem.plan.stacks import Stacks
from tandem.records.setup import Load

SHORTEST_SLICE = 0.2
"""Seconds; what the ends of a slice blur, some milliseconds, is then 2 % of it and more."""


def too_few_rounds(rounds: int, ratios: int, looks: int = 1) -> str | None:
    """Return why so many rounds can't give a verdict to so many ratios: 2/2ⁿ > 0.05/m, shared by all looks; or None."""
    if statistics.enough_rounds(rounds, ratios, looks):
        return None
    return (
        f"{rounds} round{'s' * (rounds > 1)} can't give a verdict to {ratios} headline ratio{'s' * (ratios > 1)}"
        f"{' at each of two looks' * (looks > 1)}: "
        f"give --rounds {statistics.smallest_rounds(ratios, looks)} or more"
    )


def refuse_short_slices(loads: Sequence[Load]) -> None:
    """Raise TandemError where a slice would hold too little."""
    for each in loads:
        if each.slices and each.seconds / each.slices < SHORTEST_SLICE:
            raise TandemError(
                f"slices of {each.seconds / each.slices:.2g} s hold too little: give --slices "
                f"{int(each.seconds / SHORTEST_SLICE)} or fewer, or longer windows with --seconds"
            )


def refuse_missing_routes(chosen: Stacks, known: Scenarios, rows: Scenarios) -> None:
    """Raise TandemError where a stack doesn't have what a scenario asks for."""
    for name, stack in chosen.items():
        if not stack.routes:
            continue
        able = [each for each, row in known.items() if row.routes and set(row.routes) <= set(stack.routes)]
        for scenario in rows:
            if scenario not in able:
                raise TandemError(
                    f"the stack {name} has only {' and '.join(stack.routes)}, and the scenario {scenario!r} asks for more; "
                    f"enough for it: {', '.join(able) or 'none'}"
                )


def refuse_different_apps(chosen: Stacks) -> None:
    """Raise TandemError where not all stacks implement the same app: they would do different work."""
    names = dict.fromkeys(stack.implements or stack.app for stack in chosen.values())
    if len(names) > 1:
        raise TandemError(f"stacks of {' and '.join(names)} can't be compared: all must implement the same app")
