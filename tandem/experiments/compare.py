"""The comparison: round after round, every stack once, each block on disk before the next begins.

What is measured, and how, is the executor's business; here is only the order of things and what is kept of them. A
round that something outside the stacks spoiled is measured again as a whole, a bounded number of times.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Protocol

from tandem import rules
from tandem.errors import RunFailed, sentence
from tandem.experiments.progress import Progress
from tandem.judge import attempts, validity
from tandem.judge.rounds import Rounds
from tandem.observe.provenance import now
from tandem.plan.comparison import Plan
from tandem.plan.order import orders
from tandem.records import journal, run_folder
from tandem.records.block import Block
from tandem.records.journal import End, Record, Resumed
from tandem.records.setup import Calibration, Load, Provenance

RECORDS = "records.jsonl"
Say = Callable[[str], None]


class Measuring(Protocol):
    """A stack that runs, freshly started on a freshly restored database."""

    def measure(self, load: Load, *, round_number: int, attempt: int, position: int) -> Block:
        """Measure one block."""


class Executor(Protocol):
    """What starts and measures stacks; the tests have one that doesn't."""

    def prove(self) -> int:
        """Have every stack answer the probes and return how many there are. Raises RunFailed with the difference."""

    def calibrate(self) -> Calibration:
        """Measure what the load generator can do against nginx alone."""

    def stack(self, name: str, round_number: int) -> AbstractContextManager[Measuring]:
        """Start a stack, and stop it at the end."""


class Comparison:
    """A run as it is measured, into the records of one folder."""

    def __init__(
        self,
        plan: Plan,
        provenance: Provenance,
        executor: Executor,
        folder: Path,
        say: Say,
        settle: Callable[[], object],
    ) -> None:
        """`settle` waits a little for a quiet machine; it is called before a spoiled round is measured again."""
        self.plan, self.provenance, self.executor, self.folder, self.say = plan, provenance, executor, folder, say
        self.settle = settle
        self.path = folder / RECORDS
        self.records: list[Record] = []

    def begin(self, suspect: list[str]) -> None:
        """Prove sameness, calibrate, then measure all rounds; `suspect` says what is amiss with the machine.

        Raises RunFailed, and lets Stopped pass.
        """

        def first() -> Record:
            probes = self._prove()
            calibration = self.executor.calibrate()
            self.say(calibrated(calibration))
            return self.plan.run(self.provenance, probes, calibration, suspect)

        self._measure(first)

    def go_on(self, past: list[Record], rounds: int, suspect: list[str]) -> None:
        """Measure what is missing until the run with these records has so many rounds. Raises as `begin`."""
        self.records = past

        def first() -> Record:
            self._prove()
            return Resumed(date=now(), rounds=rounds, suspect=suspect, provenance=self.provenance)

        self._measure(first)

    def _prove(self) -> int:
        self.say(f"proving that {', '.join(self.plan.definitions)} give the same answers")
        probes = self.executor.prove()
        self.say(f"{probes} probes answered alike")
        return probes

    def _measure(self, first: Callable[[], Record]) -> None:
        """Write the first record and measure; whatever breaks off, the records end with the reason if the disk allows."""
        began = False
        try:
            self._keep(first())
            began = True
            run_folder.point_latest(self.folder)  # from here on there is something to report, whatever happens
            self._rounds()
            self._keep(End(date=now(), complete=True, reason="all rounds measured"))
        except BaseException as error:
            failure = _explained(error, self.folder)
            if began:
                with suppress(OSError):
                    reason = (str(failure).splitlines() or [type(failure).__name__])[0]
                    self._keep(End(date=now(), complete=False, reason=reason))
            if failure is error:
                raise
            raise failure from error

    def _keep(self, record: Record) -> None:
        journal.append(self.path, record)
        self.records.append(record)

    def _rounds(self) -> None:
        rounds = Rounds(self.records)
        missing = [number for number in range(1, rounds.planned + 1) if not attempts.settled(rounds, number)]
        each = len(self.plan.definitions) * len(self.plan.loads)
        progress = Progress(len(missing) * each, self.plan.block_seconds())
        self.say(f"{len(missing)} rounds, {len(missing) * each} blocks, about {progress.total()}")
        sequence = orders(list(self.plan.definitions), rounds.planned, self.plan.seed)
        for number in missing:
            self._round(number, sequence[number - 1], progress)
            while self._spoiled(number):
                progress.more(each)
                self.settle()
                self._round(number, sequence[number - 1], progress)

    def _round(self, number: int, names: list[str], progress: Progress) -> None:
        rounds = Rounds(self.records)
        attempt = max((each.number for each in attempts.of_round(rounds, number)), default=0) + 1
        label = f"round {number}/{rounds.planned}" + (f", attempt {attempt}" if attempt > 1 else "")
        for position, name in enumerate(names, 1):
            with self.executor.stack(name, number) as stack:
                for load in self.plan.loads:
                    block = stack.measure(load, round_number=number, attempt=attempt, position=position)
                    self._keep(block)
                    self.say(f"{label}  {line(block)}  ({progress.step()})")

    def _spoiled(self, number: int) -> bool:
        """Say where a round is INVALID, and tell whether it is to be measured again."""
        rounds = Rounds(self.records)
        last = attempts.of_round(rounds, number)[-1]
        if last.invalid:
            causes = validity.judge_round(list(last.blocks.values())).causes
            self.say(f"round {number} is INVALID, for causes outside the stacks: {'; '.join(causes[:4])}")
            settled = attempts.settled(rounds, number)
            what = f"{rules.REPEATS} repeats are used up, it counts for nothing" if settled else "it is measured again"
            self.say(f"round {number}: {what}")
        return not attempts.settled(rounds, number)


def calibrated(found: Calibration) -> str:
    """Return what the generator can do, as a line."""
    floor = "not reached" if found.floor_p50_ms is None else f"{found.floor_p50_ms:.2f} ms"
    return (
        f"the generator alone, against nginx: at most {found.ceiling_rate:,.0f}/s; at {found.floor_rate:.0f}/s p50 {floor}, "
        f"dispatch lag p99 {found.dispatch_lag_p99_ms:.2f} ms, {found.generator_cpu_ms:.2f} ms of its CPU per request"
    )


def line(block: Block) -> str:
    """Return a block as one line of progress."""
    cpu = (block.app_cpu_seconds + block.nginx_cpu_seconds) * 1000 / block.requests if block.requests else float("nan")
    counts = {"failed": block.failures, "unfinished": block.unfinished, "dropped": block.dropped}
    bad = "".join(f", {number} {what}" for what, number in counts.items() if number)
    word = validity.judge(block).word
    times = f"p50 {_milliseconds(block.p50_ms)}  p99 {_milliseconds(block.p99_ms)}"
    return (
        f"{block.scenario:<9} {block.stack:<13} {block.rate:6.1f}/s  {times}  CPU {cpu:.2f} ms/request{bad}"
        f"{'' if word == 'VALID' else f'  {word}'}"
    )


def _milliseconds(value: float | None) -> str:
    return "not reached" if value is None else f"{value:.1f} ms"


def _explained(error: BaseException, folder: Path) -> BaseException:
    """Return the error as a sentence where it is one of the operating system."""
    if not isinstance(error, OSError):
        return error
    return RunFailed(
        f"{sentence(error)}; what was measured so far is in {folder}: make a report with `tandem report {folder}`, "
        f"or go on with `tandem compare --resume {folder}`"
    )
