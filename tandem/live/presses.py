"""Presses: a button starts a blocker of a kind in all lanes at once; what it did is counted when the last one has left."""

from __future__ import annotations

from dataclasses import dataclass, field

from tandem.live.asking import STAYS
from tandem.live.prediction import LateCount
from tandem.live.stood import Stood
from tandem.plan.kinds import Kind

TIMES = (1, 5)
"""By what the usual amount of a kind can be multiplied."""

NUMBERS = (1, 4, 20, 50)
"""How many can be started at once."""

LONGEST_PRESS = 25.0
"""Seconds for which a press may be expected to block: an audience waits for its end."""


class PressRefusedError(Exception):
    """A press that can't be made now; its text is a sentence for whoever pressed."""


@dataclass(frozen=True, kw_only=True)
class Batch:
    """So many blockers of one kind, which a press starts."""

    name: str
    kind: Kind
    wrong: bool  # the wrong way, or the right one
    times: int
    number: int

    @property
    def path(self) -> str:
        """The path of its way."""
        return self.kind.wrong if self.wrong else self.kind.right

    @property
    def amount(self) -> int:
        """How much of it each blocker asks for."""
        most = 1000 * int(STAYS) if self.kind.client == "stays" else self.kind.most
        return min(self.kind.usual * self.times, self.kind.most, most)

    @property
    def target(self) -> str:
        """Path and query of each blocker."""
        return f"{self.path}?{self.kind.amount}={self.amount}"

    @property
    def seconds(self) -> float | None:
        """For how long each blocks, where its amount says so."""
        return self.amount / 1000 if self.kind.amount == "ms" else None


def batch(kinds: dict[str, Kind], name: object, wrong: object, times: object, number: object) -> Batch:
    """Return what is asked for. Raises PressRefusedError where there is no such thing."""
    kind = kinds.get(name) if isinstance(name, str) else None
    if kind is None or not isinstance(wrong, bool) or not (wrong or kind.right):
        raise PressRefusedError("There is no such blocker here.")
    if times not in TIMES or number not in NUMBERS:
        raise PressRefusedError("There is no such amount.")
    assert isinstance(name, str)
    assert isinstance(times, int)
    assert isinstance(number, int)
    return Batch(name=name, kind=kind, wrong=wrong, times=times, number=number)


@dataclass(kw_only=True)
class LaneResult:
    """What a press did in one lane; times of the monotonic clock."""

    sent: list[float] = field(default_factory=list)
    took: list[float] = field(default_factory=list)  # of those that were answered
    completed: int = 0
    end: float | None = None  # when the last blocker had left
    counted: LateCount | None = None
    predicted: LateCount | None = None  # by a replay of the schedule that was sent
    stood: Stood | None = None


@dataclass(kw_only=True)
class Press:
    """A press, while it blocks and afterwards."""

    id: int
    batch: Batch
    start: float
    parts: list[LaneResult]

    @property
    def over(self) -> bool:
        """Whether all of it is counted."""
        return all(part.counted for part in self.parts)
