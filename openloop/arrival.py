"""One arrival on its way: its number, its three times, and what became of it."""

from __future__ import annotations

import dataclasses
import time

OK, FAILED, UNFINISHED, DROPPED = range(4)
"""What becomes of an arrival, exactly one of these: places in format.OUTCOMES."""

now = time.monotonic
"""The one clock of all times of arrivals, in seconds."""


@dataclasses.dataclass(slots=True)
class Arrival:
    """Times are of `now`. One that was not sent has `sent` and `end` at the moment in which it was given up."""

    number: int
    due: float
    in_flight: int  # other requests in flight when it was dispatched
    sent: float = 0.0
    end: float = 0.0
    outcome: int = OK
    status: int = 0  # 0: no answer
    reason: str = ""  # why it failed

    @property
    def start_delay(self) -> int:
        """From due to sent, in microseconds."""
        return max(round((self.sent - self.due) * 1e6), 0)

    @property
    def service(self) -> int:
        """From sent to the end, in microseconds."""
        return max(round((self.end - self.sent) * 1e6), 0)

    @property
    def response_ms(self) -> float:
        """From due to the end, in milliseconds: the time that counts."""
        return max(self.end - self.due, 0.0) * 1e3
