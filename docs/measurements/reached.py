"""Lines that say whether what was measured reaches what it must."""

from __future__ import annotations

from typing import NamedTuple

import asking


class Row(NamedTuple):
    """One line of the table."""

    what: str
    values: list[float]  # one a round
    target: float
    at_most: bool

    def reached(self) -> str:
        """Whether all of the interval is on the right side, all on the wrong one, or neither."""
        _, bounds = asking.centre(self.values)
        if bounds is None:
            return "too few rounds"
        sides = {(each <= self.target) == self.at_most for each in bounds}
        return "open" if len(sides) > 1 else "yes" if sides == {True} else "**no**"

    def text(self) -> str:
        """It as a line of Markdown."""
        sign = "≤" if self.at_most else "≥"
        return f"| {self.what} | {sign} {self.target:g} | {asking.shown(self.values)} | {self.reached()} |"


class Fact(NamedTuple):
    """One line of what must not be so."""

    what: str
    is_so: bool

    def text(self) -> str:
        """It as a line of Markdown."""
        return f"| {self.what} | no | {'yes' if self.is_so else 'no'} | {'**no**' if self.is_so else 'yes'} |"
