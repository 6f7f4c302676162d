"""What makes no sense together, said before anything is started: each raises TandemError, or returns why."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tandem import statistics
from tandem.errors import TandemError
from tandem.plan.definition import Definition
from tandem.plan.scenarios import ScenarioRow, Scenarios
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


def unfit(stack: Definition, known: Scenarios, rows: Iterable[str]) -> str:
    """Return why a stack can't be measured under one of these scenarios, after its name; empty where it can under all."""
    able = [
        name for name, row in known.items() if _has(stack, row) and (not stack.scenarios or name in stack.scenarios)
    ]
    for scenario in rows:
        if not _has(stack, known[scenario]):
            return (
                f"has only {' and '.join(stack.routes)}, and the scenario {scenario!r} asks for more; "
                f"enough for it: {', '.join(able) or 'none'}"
            )
        if scenario not in able:
            return f"would take minutes for the scenario {scenario!r}; enough for it: {', '.join(able) or 'none'}"
    return ""


def _has(stack: Definition, row: ScenarioRow) -> bool:
    """Tell whether a stack has all routes that a scenario asks for."""
    return not stack.routes or (bool(row.routes) and set(row.routes) <= set(stack.routes))


def refuse_unfit(chosen: Stacks, known: Scenarios, rows: Iterable[str]) -> None:
    """Raise TandemError for the first stack that can't be measured under all of these scenarios."""
    for name, stack in chosen.items():
        if reason := unfit(stack, known, rows):
            raise TandemError(f"the stack {name} {reason}")


def refuse_different_apps(chosen: Stacks) -> None:
    """Raise TandemError where not all stacks implement the same app: they would do different work."""
    names = dict.fromkeys(stack.implements or stack.app for stack in chosen.values())
    if len(names) > 1:
        raise TandemError(f"stacks of {' and '.join(names)} can't be compared: all must implement the same app")
