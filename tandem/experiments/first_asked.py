"""What the first stack of each round was asked, which all others must have been asked, too."""

from __future__ import annotations

from openloop.format import Samples
from tandem.plan.order import Slot

WINDOWS_KEPT = 24
"""So many windows are kept: more than a round has loads, or a search has tries under way. A long run would fill the memory."""


class FirstAsked:
    """The first window of each round, attempt and scenario; the oldest are forgotten."""

    def __init__(self) -> None:
        self._windows: dict[tuple[int, int, str], Samples] = {}

    def beside(self, slot: Slot, scenario: str, window: Samples) -> Samples:
        """Return the first window of the same round, attempt and scenario: this one, where there was none."""
        first = self._windows.setdefault((slot.round, slot.attempt, scenario), window)
        while len(self._windows) > WINDOWS_KEPT:
            del self._windows[next(iter(self._windows))]
        return first

    def __len__(self) -> int:
        return len(self._windows)
