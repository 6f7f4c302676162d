"""Repair: whom a kind of blocker hurts on which stack, and what repairs it: another stack of the app, or the right way in code.

A stack is hurt where at least 5 of 100 bystanders that came while something blocked were late for that; of a kind that computes,
only what lies beyond its control counts. It is said where the 95 % interval of the rounds that count lies on one side, or every
round does where they are too few for one; otherwise nothing is.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Literal, NamedTuple

import msgspec

from tandem import statistics
from tandem.judge import control, harm
from tandem.judge.measures import Measures
from tandem.judge.verdict import Ratio
from tandem.records.block import Block
from tandem.records.blocked import Blocked
from tandem.records.setup import Load, Run, Stack
from tandem.rules import BAD_POINTS, ERROR, HEADLINE_TARGET

FEWEST_ROUNDS = 2
"""Rounds: what was seen once may have been chance."""

State = Literal["hurt", "spared", "undecided", "refused", "late before"]


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What a kind of blocker did to everyone else on one stack, and what that stack costs meanwhile."""

    stack: str
    title: str
    state: State  # refused: it did not do what blocks; late before: others were late before anything blocked
    share: float  # late for it, of the bystanders that came while something blocked; beyond the control's where there is one
    interval: tuple[float, float]  # 95 %, or from the least to the most of the rounds where they are too few for one
    late: float | None  # per blocker
    control: float | None = None  # the same where as much CPU is burnt beside the stack; None: nobody does
    routes: list[str]  # that were hurt, where others were not; none: all alike
    cpu_ms: float | None  # per bystander, app and nginx
    memory_bytes: float | None


class Repair(msgspec.Struct, frozen=True, kw_only=True):
    """One row of "Who is hurt, and what to do": a kind of blocker on the stacks of one app."""

    scenario: str
    kind: str
    app: str
    rounds: int
    hurt: list[Outcome]
    spared: list[Outcome]  # what takes the least memory first
    unknown: list[Outcome]  # undecided, refused, or late before anything blocked
    right: list[Outcome] = []  # of the stacks that are hurt: the same done right in the code; none: not measured


class _Seen(NamedTuple):
    """All that a run saw, of rounds that may be relied on."""

    measures: dict[tuple[str, str], Measures]  # by scenario and stack
    blocks: Sequence[Block]
    controls: dict[str, str]  # by scenario


def find(run: Run, measures: Sequence[Measures], comparisons: Sequence[Ratio], blocks: Sequence[Block]) -> list[Repair]:
    """Return a row per kind and app of a run whose `blocks`, and no others, may be relied on; none for too few rounds."""
    seen = _Seen({(m.scenario, m.stack): m for m in measures}, blocks, control.controls(run.loads))
    right = {load.blocking.repairs: load for load in run.loads if load.blocking and load.blocking.repairs}
    found = []
    for load in run.loads:
        if load.blocking is None or not load.blocking.row or load.blocking.control or load.blocking.repairs:
            continue
        doubted = {c.stack for c in comparisons if _doubted(c, load)}
        for app in dict.fromkeys(stack.app for stack in run.stacks):
            mine = [stack for stack in run.stacks if stack.app == app and not stack.decoy_of]
            outcomes = _outcomes(load, mine, seen, doubted)
            hurt = [
                stack for stack in mine if any(each.stack == stack.name for each in outcomes if each.state == "hurt")
            ]
            if outcomes:
                done_right = _outcomes(right[load.scenario], hurt, seen) if load.scenario in right else []
                found.append(_repair(load, app, outcomes, done_right, blocks))
    return found


def _doubted(c: Ratio, load: Load) -> bool:
    """Tell whether a headline that compares the harm of a stack came to nothing."""
    return (c.scenario, c.metric, c.kind) == (load.scenario, "late", "headline") and c.verdict in (
        "undecided",
        "not judged",
    )


def _repair(load: Load, app: str, outcomes: Sequence[Outcome], right: list[Outcome], blocks: Sequence[Block]) -> Repair:
    assert load.blocking is not None
    return Repair(
        scenario=load.scenario,
        kind=load.blocking.kind,
        app=app,
        rounds=len({block.round for block in blocks if block.scenario == load.scenario}),
        hurt=[each for each in outcomes if each.state == "hurt"],
        spared=sorted(
            (each for each in outcomes if each.state == "spared"), key=lambda each: each.memory_bytes or float("inf")
        ),
        unknown=[each for each in outcomes if each.state not in ("hurt", "spared")],
        right=right,
    )


def _outcomes(load: Load, stacks: Sequence[Stack], seen: _Seen, doubted: Collection[str] = ()) -> list[Outcome]:
    """Return what became of the others on each of these stacks, but for those that were seen too few times."""
    found = [_outcome(load, stack, seen, stack.name in doubted) for stack in stacks]
    return [each for each in found if each is not None]


def _outcome(load: Load, stack: Stack, seen: _Seen, doubted: bool) -> Outcome | None:
    """Return what became of the others on a stack; None where it was seen too few times."""
    beside = seen.controls.get(load.scenario)
    values = _shares(load, stack.name, seen.blocks, beside)
    m = seen.measures.get((load.scenario, stack.name))
    if len(values) < FEWEST_ROUNDS or m is None or m.harm is None:
        return None
    interval = statistics.interval(values, ERROR) or (min(values), max(values))
    return Outcome(
        stack=stack.name,
        title=stack.title,
        state=_withheld(m.harm, doubted) or _state(interval),
        share=statistics.estimate(values),
        interval=interval,
        late=m.late,
        control=seen.measures[beside, stack.name].late if beside else None,
        routes=_routes(m.harm),
        cpu_ms=m.cpu_ms,
        memory_bytes=m.memory_bytes,
    )


def _withheld(found: harm.Harm, doubted: bool) -> State | None:
    """Return why nothing is said of a stack, if so: to refuse what blocks harms nobody, nor what can't be told from before."""
    if not found.completes:
        return "refused"
    if 100 * found.before_share >= BAD_POINTS:
        return "late before"
    return "undecided" if doubted else None


def _state(interval: tuple[float, float]) -> State:
    low, high = interval
    limit = BAD_POINTS / 100
    return "hurt" if low >= limit else "spared" if high < limit else "undecided"


def _routes(found: harm.Harm) -> list[str]:
    """Return the routes that missed the target much more often while something blocked, unless all did."""
    hurt = [each.route for each in found.routes if _more(each) >= BAD_POINTS / 100]
    return hurt if len(hurt) < len(found.routes) else []


def _more(route: harm.RouteHarm) -> float:
    return route.during[HEADLINE_TARGET] - route.before[HEADLINE_TARGET]


def _shares(load: Load, stack: str, blocks: Sequence[Block], beside: str | None) -> list[float]:
    """Return of each round the share that was late for it, beyond that of the control of the same round where there is one."""
    mine = _by_round(load.scenario, stack, blocks)
    if beside is None:
        return list(mine.values())
    theirs = _by_round(beside, stack, blocks)
    return [share - theirs[number] for number, share in mine.items() if number in theirs]


def _by_round(scenario: str, stack: str, blocks: Sequence[Block]) -> dict[int, float]:
    found = [(b.round, _share(b.blocked)) for b in blocks if (b.scenario, b.stack) == (scenario, stack) and b.blocked]
    return {number: share for number, share in found if share is not None}


def _share(found: Blocked) -> float | None:
    """Return the late ones beyond the share of before, from the first blocker on, of all that came while something blocked."""
    late, came = harm.late([found]), found.phases[1].arrivals
    return late * found.blockers / came if late is not None and came else None
