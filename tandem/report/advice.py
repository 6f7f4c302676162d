"""Advice: the rows of "Which should I choose?", in words."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from tandem import formats
from tandem.judge.decision import Advice, Choice
from tandem.judge.metrics import METRICS
from tandem.judge.prediction import Prediction
from tandem.judge.summary import Summary
from tandem.judge.verdict import Ratio
from tandem.report import reasons, wording


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the advice."""

    situation: str
    scenario: str
    choice: str
    why: str


def advised(summary: Summary) -> list[Row]:
    """Return the rows of "Which should I choose?"."""
    return [_row(summary, each) for each in summary.advice]


def _row(summary: Summary, given: Advice) -> Row:
    """Put the choice and its evidence in words.

    Where arithmetic limits the scenario, that stands in the row: what the budgets decided is no merit of a framework.
    """
    found = [c for c in summary.comparisons if c.kind == "headline" and c.scenario in given.scenarios]
    several = len(given.choices) > 1
    choice = "; ".join(f"{each.stack}: {_pick(each)}" if several else _pick(each) for each in given.choices)
    why = "; ".join(_why([c for c in found if c.stack == each.stack]) for each in given.choices)
    if given.refused:
        choice, why = "no advice", reasons.text(given.refused)
    return Row(situation=given.situation, scenario=given.scenario, choice=choice, why=why + _arithmetic(summary, found))


def _pick(choice: Choice) -> str:
    return {"challenger": choice.stack, "baseline": choice.baseline}.get(choice.pick, choice.pick)


def _why(found: Sequence[Ratio]) -> str:
    items = [
        f"{METRICS[c.metric].title} {c.verdict} "
        f"({reasons.text(c.reason) if c.verdict == 'not judged' else wording.effect(METRICS[c.metric], c.estimate)})"
        for c in found
    ]
    return f"{found[0].stack} against {found[0].baseline}: {', '.join(items)}"


def _arithmetic(summary: Summary, found: Sequence[Ratio]) -> str:
    """Say what arithmetic allows each stack that these ratios compare."""
    named = {(c.scenario, name) for c in found for name in (c.stack, c.baseline)}
    allowed = [
        f"{formats.per_second(p.capacity)} on {p.stack} ({_bound(p)})"
        for p in summary.predictions if (p.scenario, p.stack) in named
    ]  # fmt: skip
    return (
        f". Arithmetic allows {formats.listed(allowed)}: more of what bounds a stack would allow more"
        if allowed
        else ""
    )


def _bound(prediction: Prediction) -> str:
    if prediction.limit == "CPU":
        return f"{formats.milliseconds(prediction.cpu_ms)} of CPU per request"
    return f"{prediction.waiting} {prediction.limit}"
