"""Advice: which stack a situation calls for, computed from the verdicts of the headlines; no verdicts, no advice."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from tandem import formats
from tandem.judge.metrics import METRICS
from tandem.judge.prediction import Prediction
from tandem.judge.verdict import Ratio
from tandem.plan import scenarios
from tandem.records.setup import Load


class Advice(msgspec.Struct, frozen=True, kw_only=True):
    """One row of "Which should I choose?"."""

    situation: str
    choice: str
    why: str
    scenario: str  # where the evidence is


def advise(
    loads: Sequence[Load], comparisons: Sequence[Ratio], refused: str | None, predictions: Sequence[Prediction] = ()
) -> list[Advice]:
    """Return a row per situation that a headline of this run answers; `refused` says why the run can't be relied on, if so.

    Where arithmetic limits a scenario, it stands in the row: what the budgets decided is no merit of a framework.
    """
    # A run of before this was recorded has scenarios of the built-in apps only.
    known = scenarios.known()
    situations = {
        load.scenario: load.situation or known[load.scenario].situation
        for load in loads
        if load.situation or load.scenario in known
    }
    rows = [_row(situation, name, comparisons, refused) for name, situation in situations.items() if situation]
    return [_with_arithmetic(row, comparisons, predictions) for row in rows if row is not None]


def _with_arithmetic(row: Advice, comparisons: Sequence[Ratio], predictions: Sequence[Prediction]) -> Advice:
    """Add what waiting alone allows each stack that the row compares."""
    found = [c for c in comparisons if c.kind == "headline" and c.scenario == row.scenario]
    named = {name for c in found for name in (c.stack, c.baseline)}
    allowed = [p for p in predictions if p.scenario == row.scenario and p.stack in named]
    if not allowed:
        return row
    limits = formats.listed([f"{formats.per_second(p.capacity)} on {p.stack} ({p.waiting} {p.limit})" for p in allowed])
    return msgspec.structs.replace(row, why=f"{row.why}. Waiting alone allows {limits}: more of these would allow more")


def _row(situation: str, scenario: str, comparisons: Sequence[Ratio], refused: str | None) -> Advice | None:
    found = [c for c in comparisons if c.kind == "headline" and c.scenario == scenario]
    if not found:
        return None
    if refused:
        return Advice(situation=situation, choice="no advice", why=refused, scenario=found[0].scenario)
    choice, why = _choose(found)
    return Advice(situation=situation, choice=choice, why=why, scenario=found[0].scenario)


def _choose(found: Sequence[Ratio]) -> tuple[str, str]:
    """Name the choice; several challengers were each set against the baseline only, so each is named with what it earned."""
    stacks = list(dict.fromkeys(c.stack for c in found))
    if len(stacks) == 1:
        return _pick(found), _why(found)
    verdicts = [[c for c in found if c.stack == stack] for stack in stacks]
    return "; ".join(f"{v[0].stack}: {_pick(v)}" for v in verdicts), "; ".join(_why(v) for v in verdicts)


def _pick(found: Sequence[Ratio]) -> str:
    verdicts = {comparison.verdict for comparison in found}
    stack, baseline = found[0].stack, found[0].baseline
    if {"better", "worse"} <= verdicts:
        return "it depends on what counts"
    if "better" in verdicts:
        return stack
    if "worse" in verdicts:
        return baseline
    return "either" if verdicts == {"no practical difference"} else "undecided"


def _why(found: Sequence[Ratio]) -> str:
    items = [
        f"{METRICS[c.metric].title} {c.verdict} ({c.reason if c.verdict == 'not judged' else formats.times(c.estimate)})"
        for c in found
    ]
    return f"{found[0].stack} against {found[0].baseline}: {', '.join(items)}"
