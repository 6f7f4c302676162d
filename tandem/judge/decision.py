"""Advice: which stack a situation calls for, computed from the verdicts of the headlines; no verdicts, no advice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec

from tandem.judge.reasons import Reason
from tandem.judge.verdict import Ratio
from tandem.records.setup import Load

Pick = Literal["challenger", "baseline", "either", "it depends on what counts", "undecided"]


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """What a challenger's headlines call for, each set against the baseline only."""

    stack: str
    baseline: str
    pick: Pick


class Advice(msgspec.Struct, frozen=True, kw_only=True):
    """One row of "Which should I choose?"."""

    situation: str
    scenario: str  # where the evidence begins
    scenarios: list[str]  # the loads that answer it: a scenario at its rate and at saturation are one situation
    refused: Reason | None  # why there is no advice
    choices: list[Choice]  # one per challenger; none where there is no advice


def advise(loads: Sequence[Load], comparisons: Sequence[Ratio], refused: Reason | None) -> list[Advice]:
    """Return a row per situation that a headline of this run answers; `refused`: why the run can't be relied on, if so."""
    situations: dict[str, list[str]] = {}
    for load in loads:
        if load.situation:
            situations.setdefault(load.situation, []).append(load.scenario)
    rows = [_row(situation, names, comparisons, refused) for situation, names in situations.items()]
    return [row for row in rows if row is not None]


def _row(situation: str, names: list[str], comparisons: Sequence[Ratio], refused: Reason | None) -> Advice | None:
    found = [c for c in comparisons if c.kind == "headline" and c.scenario in names]
    if not found:
        return None
    stacks = [] if refused else list(dict.fromkeys(c.stack for c in found))
    choices = [
        Choice(stack=stack, baseline=found[0].baseline, pick=_pick([c for c in found if c.stack == stack]))
        for stack in stacks
    ]
    return Advice(
        situation=situation, scenario=found[0].scenario, scenarios=names, refused=refused, choices=choices
    )  # fmt: skip


def _pick(found: Sequence[Ratio]) -> Pick:
    verdicts = {comparison.verdict for comparison in found}
    if {"better", "worse"} <= verdicts:
        return "it depends on what counts"
    if "better" in verdicts:
        return "challenger"
    if "worse" in verdicts:
        return "baseline"
    return "either" if verdicts == {"no practical difference"} else "undecided"
