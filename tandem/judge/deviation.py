"""Deviation: how far late requests are from what the schedule predicts, and why, as far as the records know.

The replay (`judge/replay.py`) knows of places and of who waits for one. It does not know how long what blocks really took, of
time that the hypervisor took, nor that bystanders wait for a CPU. The records know all three.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

import msgspec

from tandem.judge import control
from tandem.judge.measures import Measures
from tandem.judge.metrics import METRICS
from tandem.judge.validity import STEAL
from tandem.records.block import Block
from tandem.records.setup import Blocking, Load, Run
from tandem.rules import EXPLAINED

BUSY = 0.5
"""Share of its CPUs that a stack uses over the whole window: from here on bystanders often wait for each other."""

Explanation = Literal["small", "blockers", "not completed", "control", "steal", "busy"]


class Why(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that the records know and the replay does not."""

    code: Explanation
    value: float
    expected: float  # or the limit


class Deviation(msgspec.Struct, frozen=True, kw_only=True):
    """What was measured beside what is predicted, of one stack under one load with blockers."""

    scenario: str
    stack: str
    fill: float | None  # b·D ÷ places that blockers hold: from 1 on none is left; None: they hold none, or nobody knows
    difference: float | None  # late per blocker, measured less predicted; None: nothing is predicted
    share: float | None  # of what is predicted; None: that is nothing
    reasons: list[Why]  # none where it is small enough, or not explained
    explained: bool  # false where it is too large and nothing explains it


def find(run: Run, measures: Sequence[Measures], blocks: Sequence[Block]) -> list[Deviation]:
    """Return a row per stack and load with blockers; `blocks` are those that the measures were made of."""
    known, controls = {(m.scenario, m.stack): m for m in measures}, control.controls(run.loads)
    found = []
    for load, stack in run.pairs():
        m = known[load.scenario, stack.name]
        if load.blocking is not None and m.harm is not None:
            beside = known.get((controls.get(load.scenario, ""), stack.name))
            mine = [each for each in blocks if (each.scenario, each.stack) == (load.scenario, stack.name)]
            found.append(_deviation(load, load.blocking, m, beside, mine, stack.budget.cpus))
    return found


def _deviation(
    load: Load, blocking: Blocking, m: Measures, beside: Measures | None, blocks: Sequence[Block], cpus: int
) -> Deviation:
    assert m.harm is not None
    predicted = m.harm.predicted
    known = m.late is not None and predicted is not None and not blocking.control  # who burns outside holds no place
    difference = (m.late or 0.0) - (predicted or 0.0) if known else None
    large = difference is not None and abs(difference) > max(EXPLAINED * (predicted or 0.0), 1e-9)
    reasons = list(_reasons(load, blocking, m, beside, blocks, cpus, difference)) if large and difference else []
    held = None if blocking.control else m.harm.held
    return Deviation(
        scenario=m.scenario,
        stack=m.stack,
        fill=blocking.rate * blocking.milliseconds / 1000 / held if held else None,
        difference=difference,
        share=difference / predicted if difference is not None and predicted else None,
        reasons=reasons,
        explained=bool(reasons) or not large,
    )


def _reasons(
    load: Load, blocking: Blocking, m: Measures, beside: Measures | None, blocks: Sequence[Block], cpus: int,
    difference: float,
) -> Iterator[Why]:  # fmt: skip
    """Yield what may have made the difference, and works in its direction."""
    assert m.harm is not None
    small = METRICS["late"].under(load).delta
    if abs(difference) <= small:
        yield Why(code="small", value=abs(difference), expected=small)
        return
    took, planned = m.harm.blocker_p50_ms, blocking.milliseconds
    # Who hangs up, or stays, does not tell for how long it was served; where nobody knew it, what was seen is predicted from.
    told = not (blocking.client or blocking.about)
    if took and told and (took - planned) * difference > 0 and abs(took - planned) > EXPLAINED * planned:
        yield Why(code="blockers", value=took, expected=planned)
    if difference < 0 and not m.harm.completes:
        yield Why(code="not completed", value=m.harm.completed, expected=m.harm.blockers)
    if difference < 0:
        return
    if beside is not None and (beside.late or 0.0) > small:
        yield Why(code="control", value=beside.late or 0.0, expected=small)
    stolen = [each.interference.steal_share for each in blocks if each.interference.steal_share is not None]
    if stolen and STEAL.suspect and 100 * statistics.fmean(stolen) > STEAL.suspect:
        yield Why(code="steal", value=statistics.fmean(stolen), expected=STEAL.suspect / 100)
    if (used := _used(blocks, cpus)) > BUSY:
        yield Why(code="busy", value=used, expected=BUSY)


def _used(blocks: Iterable[Block], cpus: int) -> float:
    """Return which share of the stack's CPUs app and nginx used."""
    pairs = [(each.app_cpu_seconds + each.nginx_cpu_seconds, cpus * each.busy_seconds) for each in blocks]
    whole = math.fsum(seconds for _, seconds in pairs)
    return math.fsum(used for used, _ in pairs) / whole if whole else 0.0
