"""Rounds: the blocks of a run put together again, which attempt of each round counts, and which round is measured again.

A round counts with its last attempt that is complete (a block of every stack under every scenario) and not INVALID. A round of
which every complete attempt is INVALID counts for nothing, but stays visible.

Spare rounds were planned beforehand, too, and are measured after all others, only while fewer rounds are valid than were planned.

A round whose blocks something outside the stacks spoiled is repeated as a whole: repeating single blocks would break the
pairing, and only causes outside the stacks count, or repeating would remove the very stalls that one looks for.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from tandem import statistics
from tandem.judge import validity
from tandem.judge.family import family
from tandem.judge.metrics import METRICS
from tandem.judge.validity import Judged
from tandem.records.block import Block
from tandem.records.journal import FORMAT, End, Record, Resumed
from tandem.records.setup import Provenance, Run
from tandem.rules import REPEATS

Key = tuple[str, str]  # scenario and stack


@dataclass(frozen=True)
class Attempt:
    """One measurement of a round; `blocks`, and what each is worth, in the order of measurement."""

    round: int
    number: int
    wanted: frozenset[Key]
    blocks: dict[Key, Block] = field(default_factory=dict)
    validity: dict[Key, Judged] = field(default_factory=dict)

    def with_block(self, block: Block) -> Attempt:
        """Return it with one block more, which is judged here and nowhere else."""
        key = (block.scenario, block.stack)
        judged = validity.judge(block)
        return replace(self, blocks={**self.blocks, key: block}, validity={**self.validity, key: judged})

    @property
    def complete(self) -> bool:
        """Whether it has a block of every stack under every scenario."""
        return self.blocks.keys() == self.wanted

    @property
    def invalid(self) -> bool:
        """Whether something outside the stacks spoiled it."""
        return any(judged.level == "INVALID" for judged in self.validity.values())


class Rounds:
    """A run and its rounds so far: read from records, added to while it is measured.

    Raises ValueError where the records hold no run that this version can read, or a block of what the run doesn't have.
    """

    def __init__(self, records: Iterable[Record]) -> None:
        found = list(records)
        self.run = _only([record for record in found if isinstance(record, Run)])
        names = {stack.name for stack in self.run.stacks}
        _refuse_unknown(self.run, names)
        self.wanted = frozenset((load.scenario, stack.name) for load, stack in self.run.pairs())
        self.resumed: list[Resumed] = []
        self.end: End | None = None  # None: the run was killed, or is still going on
        self._attempts: dict[tuple[int, int], Attempt] = {}
        for record in found:
            if not isinstance(record, Run):
                self.add(record)

    def add(self, record: Block | Resumed | End) -> None:
        """Take in what was measured, or happened, next. Raises ValueError for a block of what the run doesn't have."""
        if isinstance(record, Block):
            self._add_block(record)
        elif isinstance(record, Resumed):
            self.resumed.append(record)
            self.end = None
        else:
            self.end = record

    def _add_block(self, block: Block) -> None:
        if (block.scenario, block.stack) not in self.wanted:
            raise ValueError(f"a block is of {block.scenario!r} on {block.stack!r}, which the run doesn't have")
        key = (block.round, block.attempt)
        attempt = self._attempts.get(key) or Attempt(*key, self.wanted)
        self._attempts[key] = attempt.with_block(block)

    def validity(self, block: Block) -> Judged:
        """Return what a block of this run is worth."""
        return self._attempts[block.round, block.attempt].validity[block.scenario, block.stack]

    @property
    def planned(self) -> int:
        """How many rounds the run should have by now: those it began with, and the planned extension once it was begun."""
        extended = any(each.rounds > self.run.rounds for each in self.resumed)
        return self.run.rounds + (self.run.extension if extended else 0)

    @property
    def looks(self) -> int:
        """How often its numbers may be looked at to find verdicts; all looks share one chance of error."""
        return 2 if self.run.extension else 1

    @property
    def provenances(self) -> list[Provenance]:
        """Where the numbers come from: of the run, and of each time that it was resumed."""
        return [self.run.provenance, *(each.provenance for each in self.resumed)]

    @property
    def attempts(self) -> list[Attempt]:
        """All attempts at planned rounds and spare ones, by round and attempt."""
        known = {*range(1, self.planned + 1), *self.spares}
        return [found for (number, _), found in sorted(self._attempts.items()) if number in known]

    @property
    def complete(self) -> list[Attempt]:
        """All complete attempts, spoiled ones included, by round."""
        return [attempt for attempt in self.attempts if attempt.complete]

    @property
    def rejected(self) -> list[Attempt]:
        """The complete attempts that something outside the stacks spoiled."""
        return [attempt for attempt in self.complete if attempt.invalid]

    @property
    def valid(self) -> list[Attempt]:
        """The attempts that verdicts are made of, one for each round that has a valid one."""
        return _last(attempt for attempt in self.complete if not attempt.invalid)

    @property
    def shown(self) -> list[Attempt]:
        """The attempts that absolute values come from: the valid ones, else the last complete ones, else the last ones."""
        return self.valid or _last(self.complete) or _last(self.attempts)

    @property
    def measured(self) -> int:
        """How many rounds have a complete attempt."""
        return len(_last(self.complete))

    def of_round(self, number: int) -> list[Attempt]:
        """Return the attempts at a round in their order."""
        return [attempt for attempt in self.attempts if attempt.round == number]

    @property
    def repeats(self) -> int:
        """How many repeats the run has used up: invalid attempts that another one followed."""
        last = {attempt.round: attempt.number for attempt in self.attempts}
        return sum(attempt.number < last[attempt.round] for attempt in self.rejected)

    @property
    def may_repeat(self) -> bool:
        """Whether a repeat is left; a run without a decoy gives no verdict, so nothing in it is worth one."""
        return self.repeats < REPEATS and any(stack.decoy_of for stack in self.run.stacks)

    def settled(self, number: int) -> bool:
        """Tell whether a round needs no further attempt: its last one is whole, and not INVALID or no repeat is left."""
        last = self.of_round(number)[-1:]
        return bool(last) and last[0].complete and not (last[0].invalid and self.may_repeat)

    @property
    def spares(self) -> range:
        """The numbers of the spare rounds, beyond all others that were planned."""
        last = self.run.rounds + self.run.extension
        return range(last + 1, last + self.run.spares + 1)

    @property
    def missing(self) -> list[int]:
        """The rounds that are still to be measured, or measured again: planned ones, and spare ones that can still help."""
        planned, spare = self._open(range(1, self.planned + 1)), self._open(self.spares)
        return planned + ([] if self.hopeless else spare[: max(0, self.planned - len(planned) - self._sure())])

    @property
    def hopeless(self) -> bool:
        """Whether fewer rounds can still become valid than any verdict needs, although enough were planned."""
        ratios, later = family(self.run), self.run.extension if self.planned == self.run.rounds else 0
        still = len(self._open(range(1, self.planned + 1))) + len(self._open(self.spares)) + later
        planned = statistics.enough_rounds(self.planned, ratios, self.looks) and any(
            s.decoy_of for s in self.run.stacks
        )
        return planned and not statistics.enough_rounds(self._sure() + still, ratios, self.looks)

    def _open(self, numbers: Iterable[int]) -> list[int]:
        return [number for number in numbers if not self.settled(number)]

    def _sure(self) -> int:
        """Return how many rounds are valid and stay so."""
        return sum(self.settled(attempt.round) for attempt in self.valid)


def _only(runs: list[Run]) -> Run:
    if not runs:
        raise ValueError("the records name no run: their first line is missing")
    if len(runs) > 1:
        raise ValueError("the records hold two runs; keep each run in its own folder")
    if runs[0].format != FORMAT:
        raise ValueError(f"the records have format {runs[0].format}, this version of tandem reads format {FORMAT}")
    return runs[0]


def _refuse_unknown(run: Run, names: set[str]) -> None:
    """Raise ValueError where the run names what it doesn't have, or one thing twice."""
    scenarios = {load.scenario for load in run.loads}
    if len(names) < len(run.stacks) or len(scenarios) < len(run.loads):
        raise ValueError("the run names a stack or a scenario twice")
    if run.baseline not in names:
        raise ValueError(f"the run's baseline {run.baseline!r} is none of its stacks")
    for load in run.loads:
        if load.rate == 0 and not load.saturates:
            raise ValueError(f"the run drives {load.scenario!r} at no rate")
    for stack in run.stacks:
        if stack.decoy_of is not None and stack.decoy_of not in names:
            raise ValueError(f"{stack.name!r} is a decoy of {stack.decoy_of!r}, which is none of the run's stacks")
    for headline in run.headlines:
        if headline.metric not in METRICS:
            raise ValueError(f"the run has a headline for {headline.metric!r}, which is no metric")


def _last(attempts: Iterable[Attempt]) -> list[Attempt]:
    """Return the last of these attempts of each round, which come in ascending order."""
    return list({attempt.round: attempt for attempt in attempts}.values())
