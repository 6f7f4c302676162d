"""The comparison: round after round, every stack once, each block on disk before the next begins.

What is measured, and how, is the executor's business; here is only the order of things and what is kept of them.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Protocol

from tandem import records, results
from tandem.console import Progress
from tandem.errors import RunFailed, sentence
from tandem.order import orders
from tandem.plan import Plan
from tandem.provenance import now
from tandem.records import Block, End, Load, Provenance

RECORDS = "records.jsonl"


class Measuring(Protocol):
    """A stack that runs, freshly started on a freshly restored database."""

    def measure(self, load: Load, *, round_number: int, position: int) -> Block:
        """Measure one block."""


class Executor(Protocol):
    """What starts and measures stacks; the tests have one that doesn't."""

    def prove(self) -> int:
        """Have every stack answer the probes and return how many there are. Raises RunFailed with the difference."""

    def stack(self, name: str, round_number: int) -> AbstractContextManager[Measuring]:
        """Start a stack, and stop it at the end."""


def compare(plan: Plan, provenance: Provenance, executor: Executor, folder: Path, say: Callable[[str], None]) -> None:
    """Prove sameness, then measure all rounds; records go to `folder`.

    Whatever breaks the run off, the records end with the reason as far as the disk allows. Raises RunFailed, and lets
    Stopped pass.
    """
    say(f"proving that {', '.join(plan.definitions)} give the same answers")
    path = folder / RECORDS
    try:
        probes = executor.prove()
        say(f"{probes} probes answered alike")
        records.append(path, plan.run(provenance, probes))
        results.point_latest(folder)  # from here on there is something to report, whatever happens
        _rounds(plan, executor, path, say)
        records.append(path, End(date=now(), complete=True, reason="all rounds measured"))
    except BaseException as error:
        failure = _explained(error, folder)
        if path.exists():
            with suppress(OSError):
                first = (str(failure).splitlines() or [type(failure).__name__])[0]
                records.append(path, End(date=now(), complete=False, reason=first))
        if failure is error:
            raise
        raise failure from error


def _rounds(plan: Plan, executor: Executor, path: Path, say: Callable[[str], None]) -> None:
    progress = Progress(plan.blocks(), plan.block_seconds())
    say(f"{plan.rounds} rounds, {plan.blocks()} blocks, about {progress.total()}")
    for number, names in enumerate(orders(list(plan.definitions), plan.rounds, plan.seed), 1):
        for position, name in enumerate(names, 1):
            with executor.stack(name, number) as stack:
                for load in plan.loads:
                    block = stack.measure(load, round_number=number, position=position)
                    records.append(path, block)
                    say(f"round {number}/{plan.rounds}  {line(block)}  ({progress.step()})")


def line(block: Block) -> str:
    """Return a block as one line of progress."""
    cpu = (block.app_cpu_seconds + block.nginx_cpu_seconds) * 1000 / block.requests if block.requests else float("nan")
    p50 = "not reached" if block.p50_ms is None else f"{block.p50_ms:.1f} ms"
    bad = f", {block.failures} failed" if block.failures else ""
    late = f", {block.unfinished} unfinished" if block.unfinished else ""
    return f"{block.scenario:<9} {block.stack:<13} {block.rate:6.1f}/s  p50 {p50}  CPU {cpu:.2f} ms/request{bad}{late}"


def _explained(error: BaseException, folder: Path) -> BaseException:
    """Return the error as a sentence where it is one of the operating system."""
    if not isinstance(error, OSError):
        return error
    return RunFailed(
        f"{sentence(error)}; what was measured so far is in {folder}: make a report with `tandem report {folder}`"
    )
