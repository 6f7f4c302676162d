"""The search for a bracket, against stacks whose capacity is known because it was put in."""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import pairwise

import pytest

from tandem.judge import bracket
from tandem.judge.bracket import GRID, Bracket, TryOutcome
from tandem.rules import CAPACITY_BLOCKS, CAPACITY_STEP, CAPACITY_TRIES

Stack = Callable[[float], TryOutcome]


def search(stack: Stack, first: float, most: int = CAPACITY_BLOCKS) -> tuple[Bracket, list[float]]:
    """Search as the experiment does, and return what was found and the rates in the order in which they were tried."""
    tries: dict[float, list[TryOutcome]] = {}
    order: list[float] = []
    while (rate := bracket.wanted(first, tries)) is not None and len(order) < most:
        tries.setdefault(rate, []).append(stack(rate))
        order.append(rate)
    return bracket.bracket(tries), order


def knee(at: float) -> Stack:
    """A stack that meets the level up to a rate and misses it beyond."""
    return lambda rate: "met" if rate <= at else "missed"


def test_the_grid_has_steps_of_5_percent_in_whole_arrivals() -> None:
    assert GRID[:3] == (1, 2, 3)
    pairs = [(a, b) for a, b in pairwise(GRID) if a > 30]
    assert all(1.03 < b / a < 1.07 for a, b in pairs)
    assert all(rate == int(rate) for rate in GRID)


@pytest.mark.parametrize("first", [1, 100, 380, 400, 420, 1500, 100_000])
@pytest.mark.parametrize("at", [400, 15, 63, 2900])
def test_a_knee_is_bracketed_within_a_step_from_wherever_the_search_begins(first: float, at: float) -> None:
    found, order = search(knee(at), bracket.start(first))
    assert found.met is not None
    assert found.missed is not None
    assert found.met <= at < found.missed
    assert GRID.index(found.missed) - GRID.index(found.met) == 1
    assert order.count(found.met) == CAPACITY_TRIES
    assert order.count(found.missed) >= 2
    assert len(order) <= 25
    assert not found.at_least


def test_a_good_guess_is_cheap() -> None:
    assert len(search(knee(400), bracket.start(410))[1]) <= 9


def test_tries_at_both_ends_alternate() -> None:
    _, order = search(knee(400), bracket.start(400))
    assert sum(a == b for a, b in pairwise(order)) <= 1  # the lower end is left alone once the upper one is settled


def test_a_stack_that_never_meets_the_level_ends_soon() -> None:
    found, order = search(lambda rate: "missed", bracket.start(900))
    assert found == Bracket(met=None, missed=1)
    assert len(order) <= 10


def test_a_generator_that_is_the_limit_makes_it_at_least() -> None:
    found, _ = search(lambda rate: "met" if rate < 2000 else "generator", bracket.start(900))
    assert found.limit == "generator"
    assert found.at_least
    assert found.met is not None
    assert 2000 / CAPACITY_STEP**2 < found.met < 2000


def test_a_stack_that_serves_every_rate_is_at_least_the_highest() -> None:
    found, _ = search(lambda rate: "met", bracket.start(900))
    assert found == Bracket(met=GRID[-1], missed=None)
    assert found.at_least


def test_noise_near_the_knee_widens_the_bracket_and_keeps_it_true() -> None:
    """Logistic chance of missing around 400/s: 300 searches; the bracket must lie around the knee, and the search must end."""
    random_ = random.Random(1)

    def noisy(rate: float) -> TryOutcome:
        return "missed" if random_.random() < 1 / (1 + (400 / rate) ** 40) else "met"

    found = [search(noisy, bracket.start(random_.choice([100, 380, 900]))) for _ in range(300)]
    assert all(len(order) < CAPACITY_BLOCKS for _, order in found)
    around = [b.met is not None and b.missed is not None and b.met < 420 and b.missed > 380 for b, _ in found]
    assert sum(around) >= 285
    assert all(b.met is not None and b.missed is not None and b.met < b.missed for b, _ in found)


def test_outcomes_without_any_order_are_given_up() -> None:
    """A coin: the search needs no more blocks than it may have, and claims no more than the tries hold."""
    random_ = random.Random(2)
    for _ in range(200):
        found, order = search(lambda rate: random_.choice(["met", "missed"]), bracket.start(400))
        assert len(order) <= CAPACITY_BLOCKS
        assert found.met is None or found.missed is None or found.met < found.missed


def test_only_disjoint_brackets_tell_which_is_higher() -> None:
    low, high = Bracket(met=300, missed=315), Bracket(met=331, missed=348)
    touching, overlapping = Bracket(met=315, missed=331), Bracket(met=300, missed=331)
    limited, never = Bracket(met=400, missed=420, limit="others"), Bracket(met=None, missed=1)
    assert bracket.higher(high, low)
    assert not bracket.higher(low, high)
    assert bracket.higher(touching, low)  # it meets 315/s, which the other misses
    assert not bracket.higher(overlapping, low)
    assert bracket.higher(limited, high)
    assert not bracket.higher(Bracket(met=500, missed=525), limited)
    assert bracket.higher(low, never)
    assert not bracket.higher(never, low)
