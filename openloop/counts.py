"""How many arrivals there were, what became of them, and how late they were sent; in little memory however many."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

_PER_E = 1 / math.log(1.02)
"""Buckets of the histogram are 2 % wide."""


@dataclasses.dataclass(slots=True)
class Counts:
    """Some arrivals of one process, or of several. `lags` counts start delays by bucket."""

    due: int = 0
    sent: int = 0
    dropped: int = 0
    unfinished: int = 0
    most: int = 0  # most in flight at once in one process
    in_flight: int = 0  # at this moment
    rate: int = 0  # at this moment
    lags: dict[int, int] = dataclasses.field(default_factory=dict)

    def add_lag(self, microseconds: int) -> None:
        """Count the start delay of one arrival."""
        bucket = int(math.log(max(microseconds, 1)) * _PER_E)
        self.lags[bucket] = self.lags.get(bucket, 0) + 1

    def lag(self, share: float) -> float | None:
        """The start delay in ms, to 1 %, that this share of arrivals does not exceed; None where none was sent."""
        rank = math.ceil(share * sum(self.lags.values()))
        for bucket in sorted(self.lags):
            rank -= self.lags[bucket]
            if rank <= 0:
                return math.exp((bucket + 0.5) / _PER_E) / 1000
        return None

    def add(self, more: Counts) -> None:
        """Add others that came after these, or at the same time from another process."""
        self.due += more.due
        self.sent += more.sent
        self.dropped += more.dropped
        self.unfinished += more.unfinished
        self.most = max(self.most, more.most)
        for bucket, number in more.lags.items():
            self.lags[bucket] = self.lags.get(bucket, 0) + number

    def next(self) -> Counts:
        """What to count on with after these."""
        return Counts(most=self.in_flight, in_flight=self.in_flight, rate=self.rate)

    def packed(self) -> dict[str, Any]:
        """In a form that can be sent to another process."""
        return dataclasses.asdict(self)
