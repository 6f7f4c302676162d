"""The comparison: round after round, every stack once, each block on disk before the next begins.

What is measured, and how, is the executor's business; here is only the order of things and what is kept of them. A
round that something outside the stacks spoiled is measured again as a whole, a bounded number of times.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from pathlib import Path

from tandem import formats, rules
from tandem.errors import RunFailed
from tandem.experiments.ending import ending
from tandem.experiments.executor import Executor, RoundExecutor
from tandem.experiments.progress import Progress, duration
from tandem.judge import validity
from tandem.judge.metrics import cpu_ms
from tandem.judge.rounds import Attempt, Rounds
from tandem.judge.validity import Cause, Validity
from tandem.observe.provenance import now
from tandem.plan.order import RoundAttempt, orders
from tandem.plan.run import Plan
from tandem.records import journal, run_folder
from tandem.records.block import Block
from tandem.records.journal import RECORDS, End, Resumed
from tandem.records.setup import Calibration, Load, Provenance
from tandem.rules import shown

Say = Callable[[str], None]
Stop = Callable[[str], bool]

CAUSES_SHOWN = 4
"""Causes of an INVALID round that are listed while it runs; the report lists all."""


class Comparison:
    """A run as it is measured, into the records of one folder."""

    def __init__(
        self,
        plan: Plan,
        provenance: Provenance,
        executor: RoundExecutor,
        folder: Path,
        say: Say,
        settle: Callable[[], object],
        stop: Stop = lambda _: False,
    ) -> None:
        """`settle` waits a little for an idle machine; it is called before a spoiled round is measured again.

        `stop` is told, once, that no verdict is possible any more, and decides whether to stop then.
        """
        self.plan, self.provenance, self.executor, self.folder, self.say = plan, provenance, executor, folder, say
        self.settle, self.stop = settle, stop
        self.path = folder / RECORDS

    def begin(self, suspect: list[str]) -> None:
        """Prove sameness, calibrate, then measure all rounds; `suspect` says what is amiss with the machine.

        Raises RunFailed, and lets Stopped pass.
        """
        with run_folder.keeping(self.folder):
            probes = proved(self.executor, list(self.plan.definitions), self.say)
            calibration = None if self.plan.exploratory else self._calibrate()
            run = self.plan.run(self.provenance, probes, calibration, suspect)
            journal.append(self.path, run)
        self._measure(Rounds([run]))

    def resume(self, rounds: Rounds, planned: int, suspect: list[str]) -> None:
        """Measure what is missing of a run that is to have so many rounds in all. Raises as `begin`."""
        with run_folder.keeping(self.folder):
            proved(self.executor, list(self.plan.definitions), self.say)
            self._keep(rounds, Resumed(date=now(), rounds=planned, suspect=suspect, provenance=self.provenance))
        self._measure(rounds)

    def _calibrate(self) -> Calibration | None:
        found = self.executor.calibrate()
        if found:
            self.say(calibrated(found))
        return found

    def _keep(self, rounds: Rounds, record: Block | Resumed | End) -> None:
        journal.append(self.path, record)
        rounds.add(record)

    def _measure(self, rounds: Rounds) -> None:
        with ending(self.folder, lambda record: self._keep(rounds, record), "all rounds measured"):
            self._rounds(rounds)

    def _rounds(self, rounds: Rounds) -> None:
        each = self.plan.blocks_per_round()
        missing, told = rounds.missing, rounds.hopeless
        progress = Progress(len(missing) * each, self.plan.round_seconds() / each)
        self.say(f"{self._amount(len(missing))}, about {progress.total()}{self._more(rounds)}")
        sequence = orders(list(self.plan.definitions), max(rounds.planned, *rounds.spares, 0), self.plan.seed)
        while missing:
            number = missing[0]
            if number in rounds.spares and not rounds.of_round(number):
                self.say(f"spare round {number}, in place of one that was lost")
            self._round(rounds, number, sequence[number - 1], progress)
            progress.learn()
            again, missing = self._spoiled(rounds, number), rounds.missing
            progress.left(len(missing) * each)
            if rounds.hopeless and not told:
                told = True
                self._hopeless(rounds, progress)
            if again:
                self.settle()

    def _amount(self, rounds: int) -> str:
        blocks = rounds * self.plan.blocks_per_round()
        return f"{formats.count(rounds, 'round')}, {formats.count(blocks, 'block')}"

    def _more(self, rounds: Rounds) -> str:
        """Say how many rounds there may be where some are spoiled, and how long the run takes then."""
        more = len(rounds.spares) + (rules.REPEATS - rounds.repeats if rounds.may_repeat else 0)
        if not more:
            return ""
        most = len(rounds.missing) + more
        return f"; up to {formats.count(most, 'round')}, {duration(most * self.plan.round_seconds())}, if rounds must be repeated"

    def _hopeless(self, rounds: Rounds, progress: Progress) -> None:
        """Say at once that no verdict is possible any more. Raises RunFailed where it is to stop then."""
        text = f"no verdict is possible any more: too few of {rounds.planned} rounds can still become valid"
        if self.stop(f"{text}; {progress.rest()} would follow, whose numbers are exploratory"):
            raise RunFailed(f"stopped: {text}")

    def _round(self, rounds: Rounds, number: int, names: list[str], progress: Progress) -> None:
        which = RoundAttempt(number, max((each.number for each in rounds.of_round(number)), default=0) + 1)
        label = f"round {number}/{rounds.planned}" + (f", attempt {which.attempt}" if which.attempt > 1 else "")
        with closing(self._blocks(which, names)) as blocks:
            for block in blocks:
                self._keep(rounds, block)
                self.say(f"{label}  {line(block, rounds.validity(block).level)}  ({progress.step()})")

    def _blocks(self, which: RoundAttempt, names: list[str]) -> Generator[Block]:
        """Yield the blocks of a round as they are measured."""
        if any(load.slices for load in self.plan.loads):
            yield from self._in_turn(which, names)
            return
        for position, name in enumerate([name for name in names if self.plan.measured(name)], 1):
            with self.executor.stack(name) as stack:
                for load in self.plan.measured(name):
                    stack.prepare(load, self._key(which.round, load))
                stack.start()
                for load in self.plan.measured(name):
                    yield stack.measure(load, which.slot(position))

    def _in_turn(self, which: RoundAttempt, names: list[str]) -> Generator[Block]:
        """Start all stacks, each in its own place; measure what they take in turn, then what is in one piece stack by stack.

        In this order all have the same past while they take turns, the decoy too, which has no part in every load in one piece.
        """
        with self.executor.stacks(names) as stacks:
            for name in names:
                for load in self.plan.measured(name):
                    stacks.prepare(name, load, self._key(which.round, load))
            stacks.start()
            for load in self.plan.loads:
                if load.slices:
                    yield from stacks.measure(load, which)
            for position, name in enumerate(names, 1):
                for load in self.plan.measured(name):
                    if not load.slices:
                        yield stacks.measure_alone(name, load, which.slot(position))

    def _key(self, number: int, load: Load) -> str:
        """The same for every stack of a round, whichever attempt: all are asked the same things."""
        return f"{self.plan.seed}-{number}-{load.schedule}"

    def _spoiled(self, rounds: Rounds, number: int) -> bool:
        """Say where a round is INVALID, and tell whether it is to be measured again."""
        settled = rounds.settled(number)
        last = rounds.of_round(number)[-1]
        if last.invalid:
            found = causes(last)
            more = (
                [f"and {formats.count(len(found) - CAUSES_SHOWN, 'more cause')}"] if len(found) > CAUSES_SHOWN else []
            )
            self.say(f"round {number} is INVALID, {self._consequence(settled)}; {told_as(last)}:")
            for cause in [*found[:CAUSES_SHOWN], *more]:
                self.say(f"  - {cause}")
        return not settled

    def _consequence(self, settled: bool) -> str:
        if not settled:
            return "it is measured again"
        used_up = "" if self.plan.exploratory else f"{rules.REPEATS} repeats are used up, "
        return f"{used_up}it counts for nothing"


def proved(executor: Executor, names: Sequence[str], say: Say) -> int:
    """Have all stacks answer the probes alike and return how many there are. Raises RunFailed with the difference."""
    say(f"proving that {', '.join(names)} give the same answers" if len(names) > 1 else f"asking {names[0]} the probes")
    probes = executor.prove()
    say(f"{probes} probes answered alike")
    return probes


def causes(attempt: Attempt) -> list[str]:
    """Return what made blocks of an attempt INVALID, first what stacks did themselves, with the stack and scenario."""
    return [
        f"{stack}, {scenario}: {formats.beyond(cause.title, cause.value, cause.limit, cause.unit)}"
        for stack, scenario, cause in decisive(attempt)
    ]


def decisive(attempt: Attempt) -> list[tuple[str, str, Cause]]:
    """Return the same as stack, scenario and cause; not what made other blocks SUSPECT."""
    found = [
        (stack, scenario, cause)
        for (scenario, stack), judged in attempt.validity.items()
        if judged.level == "INVALID"
        for cause in judged.decisive
    ]
    return sorted(found, key=lambda each: each[2].key not in validity.OWN)


def told_as(attempt: Attempt) -> str:
    """Return what the causes are: nobody may take for chance what a stack did itself."""
    own = any(cause.key in validity.OWN for _, _, cause in decisive(attempt))
    return "causes, first what stacks did themselves" if own else "causes outside the stacks"


def calibrated(found: Calibration) -> str:
    """Return what the generator can do, as a line."""
    return (
        f"the generator alone, against nginx: at most {found.ceiling_rate:,.0f}/s; at {found.floor_rate:.0f}/s "
        f"p50 {formats.reach(found.floor_p50_ms)}, dispatch lag p99 {found.dispatch_lag_p99_ms:.2f} ms, "
        f"{found.generator_cpu_ms:.2f} ms of its CPU per request"
    )


def line(block: Block, level: Validity) -> str:
    """Return a block as one line of progress."""
    counts = {"failed": block.failures, "unfinished": block.unfinished, "dropped": block.dropped}
    bad = "".join(f", {number} {what}" for what, number in counts.items() if number)
    known = [("p50", block.p50_ms), ("p99", block.p99_ms)] if not block.saturating else []
    times = "".join(
        f"{name} {formats.reach(value)}  " for name, value in known if value is None or shown(name, block.arrivals)
    )
    return (
        f"{block.scenario:<9} {block.stack:<13} {block.rate:6.1f}/s  {times}CPU {formats.milliseconds(cpu_ms(block))}/request"
        f"{bad}{'' if level == 'VALID' else f'  {level}'}"
    )
