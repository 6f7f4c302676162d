"""Service level: whether a stack serves the rate that it was asked, and what it takes to say that it doesn't.

Nothing is said against a stack unless chance is ruled out: of all runs with stacks that serve their rate at most `CONDEMN_ERROR`
say of any of them that it doesn't (simulated: `tests/selftest/false_alarms.py`, docs/method.md).
"""

from __future__ import annotations

import math
import statistics as moments
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from tandem.judge.measures import MOST_EXAMPLES
from tandem.judge.reasons import Failing, Missed, Reason
from tandem.judge.rounds import Key
from tandem.records.block import Block
from tandem.records.setup import Run
from tandem.rules import ACHIEVED_LIMIT, BACKLOG_LIMIT, CONDEMN_ERROR, FAILED_LIMIT
from tandem.statistics import binomial_tail, student_tail

TESTS = 3
"""Of each stack and scenario: arrivals that failed, requests that piled up, rounds without any answer."""


@dataclass(frozen=True, kw_only=True)
class Service:
    """How one stack served one scenario at its rate in the valid rounds, as far as that is sure."""

    stack: str
    missed: list[Missed]  # parts of the service level
    silent: list[int]  # rounds in which it answered nothing
    examples: list[str]  # of what its failures looked like

    @property
    def reason(self) -> Reason | None:
        """Return why its latency and CPU are not judged; None where it serves the rate."""
        if self.silent:
            return Reason(code="answered nothing", stack=self.stack, rounds=len(self.silent))
        return Reason(code="cannot serve", stack=self.stack, missed=self.missed) if self.missed else None


def error(run: Run) -> float:
    """Return the chance of error of one test: those of all stacks and scenarios of a run share one evenly (Bonferroni)."""
    return CONDEMN_ERROR / (TESTS * max(1, len(run.stacks) * len(run.loads)))


def service(stack: str, blocks: Sequence[Block], error: float) -> Service:
    """Return how a stack served a scenario in these blocks, one of each valid round."""
    examples = list(dict.fromkeys(text for block in blocks for text in block.failure_examples))[:MOST_EXAMPLES]
    return Service(stack=stack, missed=_missed(blocks, error), silent=_silent(blocks, error), examples=examples)


def failing(services: Mapping[Key, Service], run: Run) -> list[Failing]:
    """Return which stack could not serve which scenario at its rate, and by what that shows."""
    rates = {load.scenario: load.rate for load in run.loads}
    return [
        Failing(scenario=scenario, stack=stack, rate=rates[scenario], missed=found.missed, examples=found.examples)
        for (scenario, stack), found in services.items()
        if found.missed
    ]


def _missed(blocks: Sequence[Block], error: float) -> list[Missed]:
    lost = sum(block.lost for block in blocks)
    arrivals = max(1, lost, sum(block.arrivals for block in blocks))  # also of records that don't add up
    counts = [block.in_flight for block in blocks if block.in_flight]
    found = []
    if too_many_failed(lost, arrivals, FAILED_LIMIT, error):
        found.append(Missed(part="failed", share=lost / arrivals, limit=FAILED_LIMIT))
    if too_many_failed(lost, arrivals, 1 - ACHIEVED_LIMIT, error):
        found.append(Missed(part="answered well", share=1 - lost / arrivals, limit=ACHIEVED_LIMIT))
    if len(counts) == len(blocks) and piling_up(counts, arrivals, error):
        found.append(Missed(part="backlog", share=sum(b.backlog for b in blocks) / arrivals, limit=BACKLOG_LIMIT))
    return found


def _silent(blocks: Sequence[Block], error: float) -> list[int]:
    """Return the rounds in which nothing was answered, which is no chance: at saturation all wait who could be answered."""
    each = error / max(1, len(blocks))
    return [b.round for b in blocks if not b.requests and (b.saturating or FAILED_LIMIT**b.arrivals <= each)]


def too_many_failed(lost: int, arrivals: int, limit: float, error: float) -> bool:
    """Tell whether so many would hardly have failed on a stack that fails each arrival with a chance of at most `limit`."""
    return lost > limit * arrivals and binomial_tail(lost, arrivals, limit) <= error


def piling_up(in_flight: Sequence[Sequence[int]], arrivals: int, error: float) -> bool:
    """Tell whether requests piled up; `in_flight` has their numbers over each window, the ends included.

    All of this must hold, so the chance of error is at most that of the test which suits the stack. They grew by more than
    `BACKLOG_LIMIT` of the arrivals. More were there at the ends than at the beginnings: Poisson numbers of one mean where nobody
    waits for anybody, so given their sum binomial with ½ (exact). The steps from count to count lie above 0 by Student's t, which
    takes their scatter from the data: a queue scatters more than Poisson. Steps of a queue that doesn't grow undo each other:
    t gets too small, never too large.
    """
    starts, ends = sum(counts[0] for counts in in_flight), sum(counts[-1] for counts in in_flight)
    if ends - starts <= BACKLOG_LIMIT * arrivals or binomial_tail(ends, starts + ends, 0.5) > error:
        return False
    steps = [after - before for counts in in_flight for before, after in pairwise(counts)]
    scatter = moments.stdev(steps)
    return scatter == 0 or student_tail(moments.fmean(steps) / scatter * math.sqrt(len(steps)), len(steps) - 1) <= error
