"""What is seen of one stall while it lasts, and what is measured when it ends: raw, before anybody reads it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from .frames import Spot, is_ours


@dataclass(frozen=True, slots=True)
class Sample:
    """Where one watched thread stood once."""

    stack: tuple[Spot, ...]
    """Innermost first; empty in an idle loop."""
    owner: object
    """What tells one callback (or slot) from another."""
    request: str | None
    route: str | None
    at: float
    """On the clock `time.monotonic`."""
    cpu: float | None
    """The CPU time of the thread until then."""


@dataclass(slots=True)
class Seen:
    """What the watchdog saw during one stall, thinned as it gets long: always evenly spaced, at most MOST rounds."""

    MOST = 64

    number: int
    samples: list[list[Sample]] = field(default_factory=list)
    """The rounds; in each, a sample of every watched thread."""
    others: Counter[str] = field(default_factory=Counter)
    late: float = 0.0
    """The longest time for which the watchdog itself could not run, in seconds."""
    cpu: float | None = None
    process_cpu: float | None = None
    """CPU time that passed meanwhile: of what is watched, and of the whole process."""
    step: float = 0.0

    def was_late(self, late: float, cpu: float | None, process_cpu: float) -> None:
        """Remember the longest, and whose CPU time passed meanwhile."""
        if late > self.late:
            self.late, self.cpu, self.process_cpu = late, cpu, process_cpu

    def forget_what_came_after(self) -> None:
        """Where the last round shows nobody in any code but ours, it was let go before it was known to be over."""
        last = len(self.samples) - 1
        if any(sample.stack for round in self.samples for sample in round) and all(
            is_ours(sample.stack) for sample in self.samples[last]
        ):
            del self.samples[last]

    def add(self, round: list[Sample]) -> None:
        """Keep a round; where there are too many, every second one goes and the next come half as often."""
        self.samples.append(round)
        if len(self.samples) >= self.MOST:
            del self.samples[::2]
            self.step *= 2


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured of one stall, from outside of the samples."""

    number: int
    watched: str
    start: float
    """On the clock `time.monotonic`."""
    end: float
    over: bool
    cpu: float | None
    process_cpu: float
    gc: float
    in_flight: int
    requests: tuple[str, ...]
    kind: str | None = None
    """Where the kind is known without a sample."""
    waiting: int | None = None
    route: str | None = None
    request: str | None = None

    @property
    def seconds(self) -> float:
        """How long it lasted."""
        return self.end - self.start
