"""What was asked, and what came."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from tests.fuzz.requests import operation_of
from tests.fuzz.step import Step


@dataclass
class Tally:
    """Counts of a whole run."""

    requests: int = 0
    differences: int = 0
    faults: int = 0  # answers of 500 and above, or none at all
    seen: Counter[int] = field(default_factory=Counter)  # how often each status came
    succeeded: Counter[str] = field(default_factory=Counter)  # by operation, with a status below 400
    meant: Counter[str] = field(default_factory=Counter)  # of which it was known what was to come
    met: Counter[str] = field(default_factory=Counter)  # with that status

    def count(self, step: Step, status: int) -> None:
        """Count an answered request; both have answered alike, or else it counts as the first one has it."""
        self.requests += 1
        self.seen[status] += 1
        self.succeeded.update([operation_of(step.request)] if 0 < status < 400 else [])
        if step.meant:
            self.meant[step.kind] += 1
            self.met.update([step.kind] if status == step.meant else [])  # a key stands for at least one

    def __str__(self) -> str:
        seen = ", ".join(f"{status}: {count:,}" for status, count in sorted(self.seen.items()))
        return (
            f"{self.requests:,} requests to each, {self.differences:,} differences, {self.faults:,} answers ≥ 500 ({seen});\n"
            f"{self.succeeded.total():,} were accepted; stories went as they were meant in {self.met.total():,} "
            f"of {self.meant.total():,} requests"
        )
