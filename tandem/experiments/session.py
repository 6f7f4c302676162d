"""A session: one comparison from the checks to its last round, begun or resumed, with nothing else of this clone beside it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tandem.drive import generator
from tandem.errors import TandemError
from tandem.experiments import idle, resume
from tandem.experiments.compare import Comparison, Say, Stop
from tandem.experiments.rig import Rig
from tandem.judge.rounds import Rounds
from tandem.launch import database, lock, nginx
from tandem.observe import provenance
from tandem.plan.comparison import Plan
from tandem.records import run_folder
from tandem.records.setup import Provenance

SETTLE_SECONDS = 30
"""How long a round that was spoiled waits at most for an idle machine before it is measured again."""


@dataclass(frozen=True, kw_only=True)
class Conditions:
    """Under which conditions a session measures; what it measures is the plan's business."""

    arguments: Sequence[str]  # of the command, for the record
    idle_seconds: int  # how long to wait for an idle machine at most
    allow_dirty: bool  # measure although the machine is not idle
    stop: Stop = lambda _: False  # told that no verdict is possible any more: whether to stop then


def check(plan: Plan) -> Path:
    """Return nginx. Raises TandemError where something is missing that a run needs, or its report."""
    generator.check(Path(plan.application.load_test))
    run_folder.check_report_libraries()
    return nginx.find()


def begin(plan: Plan, folder: Path, how: Conditions, say: Say) -> None:
    """Measure a run from its beginning into a new folder. Raises TandemError or RunFailed, and lets Stopped pass."""
    with _prepared(plan, folder, how, say, lambda _: None) as (comparison, suspect):
        comparison.begin(suspect)


def resume_run(plan: Plan, past: Rounds, rounds: int, folder: Path, how: Conditions, say: Say) -> None:
    """Measure what is missing of a run that is to have so many rounds. Raises as `begin`."""
    with _prepared(plan, folder, how, say, lambda today: resume.refuse_other_conditions(past, today)) as prepared:
        comparison, suspect = prepared
        suspect += resume.dirty([*past.provenances, comparison.provenance])
        comparison.resume(past, rounds, suspect)


@contextmanager
def _prepared(
    plan: Plan, folder: Path, how: Conditions, say: Say, refuse: Callable[[Provenance], None]
) -> Iterator[tuple[Comparison, list[str]]]:
    """Hand out a comparison that can begin on an idle machine, and what makes its numbers suspect."""
    binary = check(plan)
    with lock.hold(lock.COMPARE, ["tandem", *how.arguments]):
        if plan.layout.suspect:
            say(f"warning: {plan.layout.suspect}")
        os.sched_setaffinity(0, plan.layout.harness)
        rig = Rig(plan, folder, binary)
        with rig.ready():
            origin = _origin(plan, folder, binary, how)
            refuse(origin)
            suspect = [*plan.layout.notes, *_wait_until_idle(plan, how, say)]
            yield Comparison(plan, origin, rig, folder, say, lambda: _settle(plan, how, say), how.stop), suspect


def _origin(plan: Plan, folder: Path, binary: Path, how: Conditions) -> Provenance:
    return provenance.provenance(
        cpus=plan.layout.allowed,
        stack_cpus=plan.layout.stack,
        generator_cpus=plan.layout.generator,
        arguments=how.arguments,
        nginx=nginx.version(binary),
        packages=plan.application.packages,
        durability=plan.application.database.durability if plan.application.database else "none",
        sqlite=database.version(plan.application, folder / "logs" / "database.log"),
    )


def _wait_until_idle(plan: Plan, how: Conditions, say: Say) -> list[str]:
    """Wait for an idle machine; return what disturbs it where that is allowed. Raises TandemError where it isn't.

    An exploratory run doesn't wait: it gives no verdict, and each of its blocks says what disturbed it.
    """
    if plan.exploratory:
        return []
    reasons = idle.wait_until_idle(how.idle_seconds, plan.layout.used(), say)
    if reasons and not how.allow_dirty:
        raise TandemError(
            f"this machine is not idle: {'; '.join(reasons)}. Stop what disturbs it (`tandem doctor` tells more), wait longer "
            "with --quiet-wait SECONDS, or measure all the same with --allow-dirty"
        )
    return [f"the machine was not idle at the start: {reason}" for reason in reasons]


def _settle(plan: Plan, how: Conditions, say: Say) -> None:
    idle.wait_until_idle(min(how.idle_seconds, SETTLE_SECONDS), plan.layout.used(), say)
