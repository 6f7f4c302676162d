"""Control: what of the harm of a kind that computes is blocking, and what is only a CPU that is taken.

The control of a load burns as much CPU beside the stack at the same moments. Both are measured in each round, so each round has a
difference, and the interval is that of the exact signed-rank test over them.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from tandem import statistics
from tandem.judge import harm
from tandem.records.block import Block
from tandem.records.setup import Load
from tandem.rules import ERROR


class Beyond(msgspec.Struct, frozen=True, kw_only=True):
    """Late requests per blocker of one stack beyond those that its control has."""

    scenario: str
    stack: str
    differences: list[float]  # one per round that counts
    estimate: float
    interval: tuple[float, float] | None  # 95 %; None: too few rounds


def controls(loads: Iterable[Load]) -> dict[str, str]:
    """Return of each load that has a control the name of that, by its own."""
    given = [(load, load.blocking) for load in loads if load.blocking]
    of = {(each.row, each.rate, each.milliseconds): load.scenario for load, each in given if each.control}
    keys = [(load.scenario, (each.row, each.rate, each.milliseconds)) for load, each in given if not each.control]
    return {name: of[key] for name, key in keys if key in of}


def beyond(loads: Iterable[Load], blocks: Iterable[Block]) -> list[Beyond]:
    """Return the harm beyond the control's, by load and stack, over the rounds in which both were measured."""
    late = {
        (block.scenario, block.stack, block.round): value
        for block in blocks
        if block.blocked and (value := harm.late([block.blocked])) is not None
    }
    found = []
    for scenario, control in controls(loads).items():
        for stack in dict.fromkeys(name for kind, name, _ in late if kind == scenario):
            pairs = [
                value - late[control, stack, number]
                for (kind, name, number), value in late.items()
                if (kind, name) == (scenario, stack) and (control, stack, number) in late
            ]
            if pairs:
                found.append(_beyond(scenario, stack, pairs))
    return found


def _beyond(scenario: str, stack: str, pairs: list[float]) -> Beyond:
    return Beyond(
        scenario=scenario, stack=stack, differences=pairs, estimate=statistics.estimate(pairs),
        interval=statistics.interval(pairs, ERROR),
    )  # fmt: skip
