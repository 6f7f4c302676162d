"""Orders of stacks within rounds."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest

from tandem.plan.order import orders

NAMES = ["a", "b", "c", "d", "e"]


def test_every_round_has_every_stack_once() -> None:
    for names in (NAMES[:1], NAMES[:2], NAMES[:3], NAMES):
        for order in orders(names, 13, 1):
            assert sorted(order) == names


@pytest.mark.parametrize(("stacks", "rounds"), [(2, 2), (3, 6), (4, 4), (5, 10)])
def test_a_complete_set_is_balanced_in_places_and_neighbours(stacks: int, rounds: int) -> None:
    """Every stack stands in every place, and behind every other, equally often."""
    drawn = orders(NAMES[:stacks], rounds, 7)
    places = Counter((name, place) for order in drawn for place, name in enumerate(order))
    followers = Counter(pair for order in drawn for pair in pairwise(order))
    assert set(places.values()) == {rounds // stacks}
    assert len(places) == stacks * stacks
    assert len(set(followers.values())) == 1
    assert len(followers) == stacks * (stacks - 1)


def test_nine_rounds_of_three_are_balanced_in_places() -> None:
    places = Counter((name, place) for order in orders(NAMES[:3], 9, 3) for place, name in enumerate(order))
    assert set(places.values()) == {3}


def test_the_seed_alone_decides() -> None:
    assert orders(NAMES, 12, 5) == orders(NAMES, 12, 5)
    assert len({str(orders(NAMES, 12, seed)) for seed in range(20)}) > 1


def test_more_rounds_do_not_change_the_first_ones() -> None:
    assert orders(NAMES[:3], 12, 5)[:7] == orders(NAMES[:3], 7, 5)
