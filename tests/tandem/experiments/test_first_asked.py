"""What the first stack of a round was asked is what all others are held against, and is forgotten in the end."""

from __future__ import annotations

from openloop.format import Samples
from tandem.experiments.first_asked import WINDOWS_KEPT, FirstAsked
from tandem.plan.order import Slot


def test_all_of_a_round_are_held_against_its_first() -> None:
    asked, windows = FirstAsked(), [Samples.empty() for _ in range(4)]
    assert asked.beside(Slot(1, 1, 1), "read", windows[0]) is windows[0]
    assert asked.beside(Slot(1, 1, 2), "read", windows[1]) is windows[0]
    assert asked.beside(Slot(1, 1, 1), "write", windows[2]) is windows[2]
    assert asked.beside(Slot(1, 2, 1), "read", windows[3]) is windows[3]


def test_a_long_run_keeps_as_much_as_a_short_one() -> None:
    asked = FirstAsked()
    for number in range(10 * WINDOWS_KEPT):
        first = Samples.empty()
        assert asked.beside(Slot(number, 1, 1), "read", first) is first
        assert asked.beside(Slot(number, 1, 2), "read", Samples.empty()) is first
    assert len(asked) == WINDOWS_KEPT
