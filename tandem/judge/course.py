"""Course: the search for one stack's capacity under one scenario, as far as its tries got."""

from __future__ import annotations

from collections import Counter

from tandem.judge import bracket, metrics
from tandem.judge.bracket import TryOutcome
from tandem.judge.tries import CountedTry, counted
from tandem.records.block import Block
from tandem.records.capacity import Level, Try
from tandem.records.setup import Budget
from tandem.rules import CAPACITY_BLOCKS, CAPACITY_SPOILED


class Course:
    """The search for one stack under one scenario, as far as it got."""

    def __init__(self, level: Level, stack: str, budget: Budget, bound: float | None = None) -> None:
        """`bound` is the rate that arithmetic allows the stack, where it knows one."""
        self.level, self.stack, self.budget, self.bound = level, stack, budget, bound
        self.saturated: Block | None = None
        self.tries: list[CountedTry] = []

    def add(self, tried: Try) -> None:
        """Take in one block, which is judged here and nowhere else."""
        if tried.rate:
            self.tries.append(counted(tried, self.level.target_ms))
        else:
            self.saturated = tried.block

    @property
    def outcomes(self) -> dict[float, list[TryOutcome]]:
        """What counts of the tries, by rate; every second one that was spoiled at a rate counts as missed for it."""
        found: dict[float, list[TryOutcome]] = {}
        spoiled: Counter[float] = Counter()
        for each in self.tries:
            spoiled[each.rate] += each.outcome is None
            if each.outcome is not None or not spoiled[each.rate] % 2:
                found.setdefault(each.rate, []).append(each.outcome or "others")
        return found

    @property
    def blocks(self) -> int:
        """How many blocks it took so far."""
        return len(self.tries) + (self.saturated is not None)

    def tried(self, rate: float) -> tuple[int, int]:
        """Return the number of the next try at a rate among those that count, and among those after spoiled ones, from 1."""
        count, all_ = len(self.outcomes.get(rate, ())), sum(each.rate == rate for each in self.tries)
        return count + 1, all_ - count + 1

    @property
    def spoiled(self) -> int:
        """How many tries something outside the stack spoiled."""
        return sum(each.outcome is None for each in self.tries)

    @property
    def given_up(self) -> bool:
        """Whether the search takes too long, because of the machine or of the stack."""
        return self.spoiled > CAPACITY_SPOILED or len(self.tries) >= CAPACITY_BLOCKS

    def wanted(self) -> float | None:
        """Return the rate to try next, 0 for saturation; None where the search is over."""
        if self.saturated is None:
            return 0.0
        return None if self.given_up else self.open_rate()

    def open_rate(self) -> float | None:
        """Return the rate that the bracket still asks for, however long the search has taken."""
        return bracket.wanted(bracket.start(self.expected), self.outcomes)

    @property
    def expected(self) -> float:
        """The rate that CPU and arithmetic allow."""
        known = [rate for rate in (self.by_cpu, self.bound) if rate]
        return min(known) if known else 1.0

    @property
    def cpu_ms(self) -> float | None:
        """CPU of app and nginx per request at saturation."""
        return metrics.cpu_ms(self.saturated) if self.saturated else None

    @property
    def by_cpu(self) -> float | None:
        """Requests per second that the CPU of a request allows."""
        return 1000 * self.budget.cpus / self.cpu_ms if self.cpu_ms else None
