"""The order of stacks within each round, balanced and random, and the position that a block takes in it.

Orders are the rows of Williams' Latin squares (E. J. Williams 1949, *Experimental designs balanced for the estimation
of residual effects of treatments*): over one complete set every stack stands equally often in every place and follows
every other equally often. For an even number of stacks a set has as many rows as stacks; for an odd number it is a
square and its mirror image, each balanced in the places.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import NamedTuple


class Slot(NamedTuple):
    """The place of a block in a run: all three count from 1."""

    round: int
    attempt: int  # at this round
    position: int  # in the order of the round's stacks


class RoundAttempt(NamedTuple):
    """One measurement of a whole round; both count from 1."""

    round: int
    attempt: int = 1

    def slot(self, position: int) -> Slot:
        """Return the place of the block at this position."""
        return Slot(self.round, self.attempt, position)


def _square(size: int) -> list[list[int]]:
    """Return Williams' square: the first row 0, 1, n−1, 2, n−2, …, each further row one more modulo n."""
    first = [(place + 1) // 2 if place % 2 else (size - place // 2) % size for place in range(size)]
    return [[(value + shift) % size for value in first] for shift in range(size)]


def orders(names: Sequence[str], rounds: int, seed: int | str) -> list[list[str]]:
    """Return the order of `names` for each round; the same seed gives the same orders.

    Which stack is which letter, and the order of the rows of each square, is drawn anew for each set.
    """
    generator = random.Random(f"order {seed}")
    result: list[list[str]] = []
    while len(result) < rounds:
        letters = generator.sample(list(names), len(names))
        squares = [_square(len(names))]
        if len(names) % 2 and len(names) > 1:
            squares.append([row[::-1] for row in squares[0]])
            generator.shuffle(squares)
        for square in squares:
            result += [[letters[value] for value in row] for row in generator.sample(square, len(square))]
    return result[:rounds]
