"""Validity: may a block be believed? Here is the one table of limits (docs/method.md).

What counts are causes outside the stacks, and signs that it was not, or not only, measured where it should be.

The limits are a starting point. A dispatch lag below 0.5 ms is never suspect: on a quiet machine its p99 was 0.22 to
0.55 ms in 54 blocks (`read` and `everyday` of the sample run) whose response p99 was about 2.5 ms, so a tenth of that
marked every block and told nothing. What the hypervisor steals hits the stacks of a round by turns, as they take turns: in 48
comparisons of a stack with its decoy at saturation the logarithm of the ratio spread no more where 2 to 3 % of the time were
stolen than where less than 1 % was, so 2 % is only suspect.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import msgspec

from tandem.records.block import Block, Interference

Validity = Literal["VALID", "SUSPECT", "INVALID"]
LEVELS: tuple[Validity, ...] = ("VALID", "SUSPECT", "INVALID")  # from good to bad


class Limit(msgspec.Struct, frozen=True, kw_only=True):
    """One cause: up to a limit nothing is wrong, beyond it the block is SUSPECT or INVALID."""

    key: str
    title: str
    value: Callable[[Block], float | None]  # in `unit`; None: not available on this host
    unit: str
    suspect: float | None  # None: nothing is only suspect
    invalid: float
    suspect_of_p99: float | None = None  # suspect also beyond this part of the response time's p99, in ms,
    suspect_from: float = 0.0  # but never up to this
    saturating: bool = True  # whether it also holds where the load was to saturate the stack
    whose: Callable[[Block], str] = lambda _: ""  # who caused it, where that is known
    everywhere: bool = True  # whether every block has a value, unless the host tells none

    def suspect_limit(self, block: Block) -> float | None:
        """Return the limit beyond which this block is suspect."""
        if self.suspect_of_p99 is None or block.p99_ms is None or self.suspect is None:
            return self.suspect
        return min(self.suspect, max(self.suspect_from, self.suspect_of_p99 * block.p99_ms))

    def exceeded(self, block: Block) -> tuple[Validity, float]:
        """Return the level that this cause alone gives the block, and the limit that decided (0 where none did)."""
        value, suspect = self.value(block), self.suspect_limit(block)
        if value is None or (block.saturating and not self.saturating):
            return "VALID", 0.0
        if value > self.invalid:
            return "INVALID", self.invalid
        if suspect is not None and value > suspect:
            return "SUSPECT", suspect
        return "VALID", 0.0


def _share(
    key: str, title: str, unit: str, suspect: float, invalid: float, of: Callable[[Interference], float | None]
) -> Limit:
    """A cause of interference that is a share, limits in percent."""

    def value(block: Block) -> float | None:
        share = of(block.interference)
        return None if share is None else 100 * share

    return Limit(key=key, title=title, value=value, unit=unit, suspect=suspect, invalid=invalid)


TIME, CPU = "% of the time", "% of one CPU"


def _lag(block: Block) -> float:
    """Return the generator's lateness, of the worst phase where a window has phases: two quiet ones would hide a third."""
    phases = block.blocked.phases if block.blocked else []
    return max(block.dispatch_lag_p99_ms, *(phase.dispatch_lag_p99_ms for phase in phases), 0.0)


DISPATCH_LAG = Limit(
    key="dispatch_lag", title="dispatch lag p99", value=_lag, unit="ms",
    suspect=1, invalid=5, suspect_of_p99=0.1, suspect_from=0.5,
)  # fmt: skip
GENERATOR_WAITING = _share(
    "generator_waiting", "run-queue delay of the generator", TIME, 2, 5, lambda around: around.generator_waiting_share
)
# At saturation a generator that is full makes the throughput "at least" (judge/bound.py), no block invalid.
GENERATOR_CPU = msgspec.structs.replace(
    _share("generator_cpu", "CPU used by the generator", CPU, 60, 85, lambda around: around.generator_cpu_share),
    saturating=False,
)
OTHERS_CPU = _share("others_cpu", "CPU used by anyone else", CPU, 3, 10, lambda around: around.others_cpu_share)
STEAL = _share("steal", "CPU stolen by the hypervisor", TIME, 2, 5, lambda around: around.steal_share)
THROTTLED = _share("throttled", "held back by a CPU quota", TIME, 0.5, 2, lambda around: around.throttled_share)
GAP = Limit(
    key="cpu_gap", title="CPU on the stack's CPUs that is not the CPU that was counted", unit=CPU, suspect=5, invalid=15,
    value=lambda block: None if block.cpu_gap_share is None else 100 * block.cpu_gap_share,
)  # fmt: skip
SLEEPERS = Limit(
    key="sleepers", title="CPU used by a stack whose turn it was not", unit=CPU, suspect=None, invalid=0.5,
    value=lambda block: None if block.sleepers_cpu_share is None else 100 * block.sleepers_cpu_share,
    whose=lambda block: block.sleeper, everywhere=False,
)  # fmt: skip
STRAYS = Limit(
    key="strays", title="threads of the stack that were allowed on other CPUs", unit="threads", suspect=None, invalid=0,
    value=lambda block: block.strays,
)  # fmt: skip
PROBES = Limit(
    key="probes", title="probes within the window answered otherwise than before it", unit="probes", suspect=None, invalid=0,
    value=lambda block: block.probes_different,
)  # fmt: skip
ACCOUNTING = Limit(
    key="accounting", title="samples missing or asked for otherwise", unit="arrivals", suspect=None, invalid=0,
    value=lambda block: float(block.lost_or_duplicated + block.mismatched_requests),
)  # fmt: skip

LIMITS = (
    DISPATCH_LAG,
    GENERATOR_WAITING,
    GENERATOR_CPU,
    OTHERS_CPU,
    STEAL,
    THROTTLED,
    GAP,
    SLEEPERS,
    STRAYS,
    PROBES,
    ACCOUNTING,
)


OWN = frozenset(limit.key for limit in (STRAYS, PROBES, SLEEPERS))
"""What a stack does itself: it is told before what is around it, which it may have brought about."""


class Cause(msgspec.Struct, frozen=True, kw_only=True):
    """What disturbed a block: a value beyond a limit, both in `unit`."""

    key: str  # of its row in `LIMITS`
    title: str
    value: float
    limit: float
    level: Validity  # what this cause alone makes of the block
    unit: str


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """What a block is worth, and why."""

    level: Validity
    causes: list[Cause]  # those that invalidate first, and of these what the stack did itself

    @property
    def decisive(self) -> list[Cause]:
        """The causes that are as bad as the block: what was only suspect did not make it INVALID."""
        return [cause for cause in self.causes if cause.level == self.level]


def judge(block: Block) -> Judged:
    """Judge one block. What is not available on this host is not judged here: `unreadable` names it."""
    found = [cause for limit in LIMITS if (cause := _cause(limit, block)) is not None]
    found.sort(key=lambda cause: (-LEVELS.index(cause.level), cause.key not in OWN))
    return Judged(level=found[0].level if found else "VALID", causes=found)


def _cause(limit: Limit, block: Block) -> Cause | None:
    level, most = limit.exceeded(block)
    if level == "VALID":
        return None
    whose = limit.whose(block)
    title = f"{limit.title}, {whose}" if whose else limit.title
    return Cause(key=limit.key, title=title, value=limit.value(block) or 0.0, limit=most, level=level, unit=limit.unit)


def unreadable(block: Block) -> list[str]:
    """Return the titles of what can't be judged because it is not available on this host."""
    return [limit.title for limit in LIMITS if limit.everywhere and limit.value(block) is None]
