"""Capacity: what the tries of a search say about each stack, its bracket, beside what it costs and serves at saturation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Literal

import msgspec

from tandem.judge import bracket
from tandem.judge.bracket import Bracket
from tandem.judge.course import Course
from tandem.judge.tries import CountedTry
from tandem.records.capacity import CapacityRecord, Search, Try
from tandem.records.journal import End
from tandem.records.setup import Run
from tandem.rules import CAPACITY_SPOILED

Bounds = Mapping[tuple[str, str], float]
"""Rates that arithmetic allows, by scenario and stack."""

SearchState = Literal["settled", "never", "at least", "spoiled", "not settled", "interrupted"]
"""How a search ended: with a bracket; without a rate that meets the level; with the generator, or the highest rate, as the
limit; given up because the machine was too busy, or because tries kept contradicting each other; or not at all."""


class Capacity(msgspec.Struct, frozen=True, kw_only=True):
    """What was found for one stack under one scenario."""

    scenario: str
    stack: str
    target_ms: float
    state: SearchState
    bracket: Bracket
    saturation: float | None  # good answers per second at saturation; None: not yet measured
    cpu_ms: float | None  # of app and nginx, per request, there
    by_cpu: float | None  # requests per second that this CPU allows
    points: list[CountedTry]


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


def found(course: Course) -> Capacity:
    """Return what a search found so far."""
    block = course.saturated
    return Capacity(
        scenario=course.level.scenario, stack=course.stack, target_ms=course.level.target_ms, state=_state(course),
        bracket=bracket.bracket(course.outcomes), saturation=block.rate if block else None,
        cpu_ms=course.cpu_ms, by_cpu=course.by_cpu, points=list(course.tries),
    )  # fmt: skip


def _state(course: Course) -> SearchState:
    if course.saturated is None or (course.open_rate() is not None and not course.given_up):
        return "interrupted"
    if course.open_rate() is not None:
        return "spoiled" if course.spoiled > CAPACITY_SPOILED else "not settled"
    known = bracket.bracket(course.outcomes)
    if known.met is None:
        return "spoiled" if known.limit else "never"
    return "at least" if known.at_least else "settled"


def courses(lines: Sequence[CapacityRecord], bounds: Bounds = MappingProxyType({})) -> list[Course]:
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


def judge(lines: Sequence[CapacityRecord]) -> Capacities:
    """Judge a search by its records. Raises ValueError as `courses`."""
    searched = [found(each) for each in courses(lines)]
    head, last = lines[0], lines[-1]
    assert isinstance(head, Search)
    return Capacities(
        search=head, end=last if isinstance(last, End) else None, found=searched, higher=_higher(searched)
    )


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
