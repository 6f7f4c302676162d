"""Rounds: the blocks of a run put together again, and which attempt of each round counts.

A round counts with its last attempt that is complete (a block of every stack under every scenario) and not INVALID. A round of
which every complete attempt is INVALID counts for nothing, but stays visible.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from tandem.judge import validity
from tandem.records.block import Block
from tandem.records.journal import FORMAT, End, Record, Resumed
from tandem.records.setup import Provenance, Run

Key = tuple[str, str]  # scenario and stack


@dataclass(frozen=True)
class Attempt:
    """One measurement of a round; `blocks` in the order of measurement."""

    round: int
    number: int
    blocks: dict[Key, Block]
    complete: bool

    @cached_property
    def invalid(self) -> bool:
        """Whether something outside the stacks spoiled it."""
        return validity.judge_round(list(self.blocks.values())).word == "INVALID"


class Rounds:
    """A run and its rounds.

    Raises ValueError where the records hold no run that this version can read, or a block of what the run doesn't have.
    """

    def __init__(self, records: Iterable[Record]) -> None:
        runs: list[Run] = []
        blocks: list[Block] = []
        self.resumed: list[Resumed] = []
        self.end: End | None = None  # None: the run was killed, or is still going on
        for record in records:
            if isinstance(record, Run):
                runs.append(record)
            elif isinstance(record, Block):
                blocks.append(record)
            elif isinstance(record, Resumed):
                self.resumed.append(record)
                self.end = None
            else:
                self.end = record
        self.run = _only(runs)
        self.attempts = self._arrange(blocks)

    @property
    def planned(self) -> int:
        """How many rounds the run should have by now."""
        return max([self.run.rounds, *(each.rounds for each in self.resumed)])

    @property
    def unplanned(self) -> int:
        """How many rounds it was extended by without having planned them; only the planned extension is 0, whole."""
        allowed = {self.run.rounds, self.run.rounds + self.run.extension}
        return 0 if self.planned in allowed else self.planned - self.run.rounds

    @property
    def looks(self) -> int:
        """How often its numbers may be looked at to find words; all looks share one chance of error."""
        return 2 if self.run.extension else 1

    @property
    def provenances(self) -> list[Provenance]:
        """Where the numbers come from: of the run, and of each time that it was taken up again."""
        return [self.run.provenance, *(each.provenance for each in self.resumed)]

    @cached_property
    def complete(self) -> list[Attempt]:
        """All complete attempts, spoiled ones included, by round."""
        return [attempt for attempt in self.attempts if attempt.complete]

    @cached_property
    def rejected(self) -> list[Attempt]:
        """The complete attempts that something outside the stacks spoiled."""
        return [attempt for attempt in self.complete if attempt.invalid]

    @cached_property
    def valid(self) -> list[Attempt]:
        """The attempts that words are made of, one for each round that has a valid one."""
        return _last(attempt for attempt in self.complete if not attempt.invalid)

    @cached_property
    def counting(self) -> list[Attempt]:
        """The same; where there is none, whatever there is, so that every run shows what it has."""
        return self.valid or _last(self.complete) or _last(self.attempts)

    @property
    def measured(self) -> int:
        """How many rounds have a complete attempt."""
        return len(_last(self.complete))

    def _arrange(self, blocks: Iterable[Block]) -> list[Attempt]:
        """Put the blocks of the planned rounds together, by round and attempt."""
        names = {stack.name for stack in self.run.stacks}
        if self.run.baseline not in names:
            raise ValueError(f"the run's baseline {self.run.baseline!r} is none of its stacks")
        wanted = {(load.scenario, name) for load in self.run.loads for name in names}
        table: dict[tuple[int, int], dict[Key, Block]] = {}
        for block in blocks:
            key = (block.scenario, block.stack)
            if key not in wanted:
                raise ValueError(f"a block is of {block.scenario!r} on {block.stack!r}, which the run doesn't have")
            if 1 <= block.round <= self.planned:
                table.setdefault((block.round, block.attempt), {})[key] = block
        return [Attempt(*place, found, found.keys() == wanted) for place, found in sorted(table.items())]


def _only(runs: list[Run]) -> Run:
    if not runs:
        raise ValueError("the records name no run: their first line is missing")
    if len(runs) > 1:
        raise ValueError("the records hold two runs; keep each run in its own folder")
    if runs[0].format != FORMAT:
        raise ValueError(f"the records have format {runs[0].format}, this version of tandem reads format {FORMAT}")
    return runs[0]


def _last(attempts: Iterable[Attempt]) -> list[Attempt]:
    """Return the last of these attempts of each round, which come in ascending order."""
    return list({attempt.round: attempt for attempt in attempts}.values())
