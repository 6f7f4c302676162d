"""Capacity: what the tries of a search say about each stack, its bracket, beside what it costs and serves at saturation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Literal

import msgspec

from tandem.judge import bracket, validity
from tandem.judge.bracket import Bracket, Outcome
from tandem.records.block import Block
from tandem.records.capacity import Level, Line, Search, Try
from tandem.records.journal import End
from tandem.records.setup import Budget, Run
from tandem.rules import ACHIEVED_LIMIT, CAPACITY_BLOCKS, CAPACITY_SPOILED, FAILED_LIMIT

SLOWER = {limit.key for limit in (validity.LAG, validity.WAITING, validity.GENERATOR, validity.OTHERS, validity.STEAL,
                                  validity.THROTTLED, validity.GAP)}  # fmt: skip
"""Causes that can only make answers later: a level that was met beside them was met. Whoever uses the stack's own CPU uncounted,
even a process of the stack, takes it from the stack."""

Bounds = Mapping[tuple[str, str], float]
"""Rates that arithmetic allows, by scenario and stack."""

State = Literal["settled", "never", "at least", "spoiled", "not settled", "interrupted"]
"""How a search ended: with a bracket; without a rate that meets the level; with the generator, or the highest rate, as the
limit; given up because the machine was too busy, or because tries kept contradicting each other; or not at all."""


class Point(msgspec.Struct, frozen=True, kw_only=True):
    """One try, as it counts."""

    rate: float
    outcome: Outcome | None  # None: something outside the stack spoiled it
    p50_ms: float | None
    p99_ms: float | None
    lost: float  # share of the arrivals that failed, were never answered or never sent
    arrivals: int


class Capacity(msgspec.Struct, frozen=True, kw_only=True):
    """What was found for one stack under one scenario."""

    scenario: str
    stack: str
    target_ms: float
    state: State
    bracket: Bracket
    saturation: float | None  # good answers per second at saturation; None: not yet measured
    cpu_ms: float | None  # of app and nginx, per request, there
    by_cpu: float | None  # requests per second that this CPU allows
    points: list[Point]


class Higher(msgspec.Struct, frozen=True, kw_only=True):
    """A verdict: one stack's capacity is higher than another's, by brackets that do not overlap."""

    scenario: str
    stack: str
    than: str
    least: float  # times as high at least
    most: float | None  # and at most; None: not known


class Capacities(msgspec.Struct, frozen=True, kw_only=True):
    """A search, judged."""

    search: Search
    end: End | None  # None: it was killed
    found: list[Capacity]
    higher: list[Higher]

    @property
    def run(self) -> Run:
        """What was settled about stacks and machine."""
        return self.search.run


class Course:
    """The search for one stack under one scenario, as far as it got."""

    def __init__(self, level: Level, stack: str, budget: Budget, bound: float | None = None) -> None:
        """`bound` is the rate that arithmetic allows the stack, where it knows one."""
        self.level, self.stack, self.budget, self.bound = level, stack, budget, bound
        self.saturated: Block | None = None
        self.tries: list[Try] = []

    def add(self, tried: Try) -> None:
        """Take in one block."""
        if tried.rate:
            self.tries.append(tried)
        else:
            self.saturated = tried.block

    @property
    def outcomes(self) -> dict[float, list[Outcome]]:
        """What counts of the tries, by rate; every second one that was spoiled at a rate counts as missed for it."""
        found: dict[float, list[Outcome]] = {}
        spoiled: Counter[float] = Counter()
        for each in self.tries:
            one = outcome(each.block, self.level.target_ms)
            spoiled[each.rate] += one is None
            if one is not None or not spoiled[each.rate] % 2:
                found.setdefault(each.rate, []).append(one or "others")
        return found

    @property
    def blocks(self) -> int:
        """How many blocks it took so far."""
        return len(self.tries) + (self.saturated is not None)

    def tried(self, rate: float) -> tuple[int, int]:
        """Return the number of the next try at a rate among those that count, and among those after spoiled ones, from 1."""
        counted, all_ = len(self.outcomes.get(rate, ())), sum(each.rate == rate for each in self.tries)
        return counted + 1, all_ - counted + 1

    @property
    def spoiled(self) -> int:
        """How many tries something outside the stack spoiled."""
        return sum(outcome(each.block, self.level.target_ms) is None for each in self.tries)

    @property
    def given_up(self) -> bool:
        """Whether the search takes too long, because of the machine or of the stack."""
        return self.spoiled > CAPACITY_SPOILED or len(self.tries) >= CAPACITY_BLOCKS

    def wanted(self) -> float | None:
        """Return the rate to try next, 0 for saturation; None where the search is over."""
        if self.saturated is None:
            return 0.0
        return None if self.given_up else self._open()

    def _open(self) -> float | None:
        return bracket.wanted(bracket.start(self.expected), self.outcomes)

    @property
    def expected(self) -> float:
        """The rate that CPU and arithmetic allow."""
        known = [rate for rate in (self.by_cpu, self.bound) if rate]
        return min(known) if known else 1.0

    @property
    def cpu_ms(self) -> float | None:
        """CPU of app and nginx per request at saturation."""
        block = self.saturated
        return (
            1000 * (block.app_cpu_seconds + block.nginx_cpu_seconds) / block.requests
            if block and block.requests
            else None
        )

    @property
    def by_cpu(self) -> float | None:
        """Requests per second that the CPU of a request allows."""
        return 1000 * self.budget.cpus / self.cpu_ms if self.cpu_ms else None

    def found(self) -> Capacity:
        """Return what is known so far."""
        return Capacity(
            scenario=self.level.scenario, stack=self.stack, target_ms=self.level.target_ms, state=self._state(),
            bracket=bracket.bracket(self.outcomes), saturation=self.saturated.rate if self.saturated else None,
            cpu_ms=self.cpu_ms, by_cpu=self.by_cpu, points=[_point(each, self.level.target_ms) for each in self.tries],
        )  # fmt: skip

    def _state(self) -> State:
        if self.saturated is None or (self._open() is not None and not self.given_up):
            return "interrupted"
        if self._open() is not None:
            return "spoiled" if self.spoiled > CAPACITY_SPOILED else "not settled"
        known = bracket.bracket(self.outcomes)
        if known.met is None:
            return "spoiled" if known.limit else "never"
        return "at least" if known.at_least else "settled"


def outcome(block: Block, target_ms: float) -> Outcome | None:
    """Return how a block met a service level; None where something outside the stack spoiled it."""
    invalid = {cause.key for cause in validity.judge(block).causes if cause.level == "INVALID"}
    if invalid - SLOWER:
        return None
    if meets(block, target_ms):
        return "met"
    if validity.GENERATOR.key in invalid:
        return "generator"
    return None if invalid else "missed"


def meets(block: Block, target_ms: float) -> bool:
    """Tell whether p99 stayed below the target, and enough of what was due was answered well."""
    if not block.arrivals or block.p99_ms is None or block.p99_ms >= target_ms:
        return False
    return _lost(block) < FAILED_LIMIT and (block.requests - block.failures) / block.arrivals >= ACHIEVED_LIMIT


def courses(lines: Sequence[Line], bounds: Bounds = MappingProxyType({})) -> list[Course]:
    """Return the searches that records hold, by scenario and then by stack, as far as they got.

    Raises ValueError where the records don't fit together.
    """
    head, *rest = lines
    if not isinstance(head, Search):
        raise ValueError("the first line is no search for capacity")
    known = {
        (level.scenario, stack.name): Course(level, stack.name, stack.budget, bounds.get((level.scenario, stack.name)))
        for level in head.levels
        for stack in head.run.stacks
        if stack.decoy_of is None
    }
    for line in rest:
        if isinstance(line, Try):
            if (line.scenario, line.block.stack) not in known:
                raise ValueError(f"a try of {line.scenario} on {line.block.stack}, which the search doesn't have")
            if line.rate and line.rate not in bracket.GRID:
                raise ValueError(f"a try at {line.rate:g}/s, which is no rate of a search")
            known[line.scenario, line.block.stack].add(line)
    return list(known.values())


def judge(lines: Sequence[Line]) -> Capacities:
    """Judge a search by its records. Raises ValueError as `courses`."""
    found = [each.found() for each in courses(lines)]
    head, last = lines[0], lines[-1]
    assert isinstance(head, Search)
    return Capacities(search=head, end=last if isinstance(last, End) else None, found=found, higher=_higher(found))


def _higher(found: Sequence[Capacity]) -> list[Higher]:
    over = [each for each in found if each.state in ("settled", "never", "at least")]
    return [
        Higher(
            scenario=one.scenario, stack=one.stack, than=other.stack,
            least=(one.bracket.met or 0.0) / (other.bracket.missed or 1.0),
            most=one.bracket.missed / other.bracket.met
            if one.bracket.missed and other.bracket.met and not one.bracket.at_least else None,
        )
        for one in over for other in over
        if one.scenario == other.scenario and bracket.higher(one.bracket, other.bracket)
    ]  # fmt: skip


def _lost(block: Block) -> float:
    return (block.failures + block.unfinished + block.dropped) / max(1, block.arrivals)


def _point(tried: Try, target_ms: float) -> Point:
    block = tried.block
    return Point(
        rate=tried.rate, outcome=outcome(block, target_ms), p50_ms=block.p50_ms, p99_ms=block.p99_ms, lost=_lost(block),
        arrivals=block.arrivals,
    )  # fmt: skip
