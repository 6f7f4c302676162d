"""A session: one comparison from the checks to its last round, begun or resumed, with nothing else of this clone beside it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from tandem.drive import generator
from tandem.errors import TandemError
from tandem.experiments import capacity, idle, resume
from tandem.experiments.capacity import CapacitySearch
from tandem.experiments.compare import Comparison, Say, Stop, proved
from tandem.experiments.progress import duration
from tandem.experiments.rig import Rig
from tandem.judge.rounds import Rounds
from tandem.launch import database, existing_postgresql, lock, nginx, postgresql
from tandem.observe import provenance
from tandem.plan.capacity import CapacityPlan, part_of
from tandem.plan.run import Plan
from tandem.plan.stacks import refuse_missing
from tandem.records import run_folder
from tandem.records.capacity import CapacityRecord, Search
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
    refuse_missing(plan.definitions)
    used = plan.application.database
    if used and used.existing:
        with existing_postgresql.server(used.existing) as found:
            found.refuse()
    elif used and used.server:
        postgresql.find()
    generator.check(Path(plan.application.load_test))
    run_folder.check_report_libraries()
    return nginx.find()


def begin(plan: Plan, folder: Path, how: Conditions, say: Say) -> None:
    """Measure a run from its beginning into a new folder. Raises TandemError or RunFailed, and lets Stopped pass."""
    with _prepared(plan, folder, how, say, lambda _: None) as prepared:
        if part := part_of(plan):
            say(f"after all rounds follow searches for capacity, about {duration(part.expected_seconds())}")
        _comparison(plan, folder, how, say, prepared).begin(prepared.suspect)
        capacity.finish(plan, prepared.rig, folder, say, resume.read(folder).run)


def resume_run(plan: Plan, past: Rounds, rounds: int, folder: Path, how: Conditions, say: Say) -> None:
    """Measure what is missing of a run that is to have so many rounds. Raises as `begin`."""
    with _prepared(plan, folder, how, say, lambda today: resume.refuse_other_conditions(past.run, today)) as prepared:
        suspect = [*prepared.suspect, *resume.dirty([*past.provenances, prepared.origin])]
        if past.missing or rounds > past.planned:
            _comparison(plan, folder, how, say, prepared).resume(past, rounds, suspect)
        else:
            proved(prepared.rig, list(plan.definitions), say)
        capacity.finish(plan, prepared.rig, folder, say, past.run)


def search(plan: CapacityPlan, folder: Path, how: Conditions, say: Say) -> None:
    """Search for capacity from the beginning, into a new folder. Raises as `begin`."""
    with _prepared(plan.site, folder, how, say, lambda _: None) as prepared:
        probes = proved(prepared.rig, plan.names, say)
        run = plan.site.run(prepared.origin, probes, None, prepared.suspect)
        CapacitySearch(plan, prepared.rig, folder, say).begin(run)


def resume_search(plan: CapacityPlan, past: Sequence[CapacityRecord], folder: Path, how: Conditions, say: Say) -> None:
    """Go on with a search that broke off. Raises as `begin`."""
    head = past[0]
    assert isinstance(head, Search)
    with _prepared(
        plan.site, folder, how, say, lambda today: resume.refuse_other_conditions(head.run, today)
    ) as prepared:
        proved(prepared.rig, plan.names, say)
        CapacitySearch(plan, prepared.rig, folder, say).resume(past)


class Prepared(NamedTuple):
    """What can measure now, on an idle machine."""

    rig: Rig
    origin: Provenance
    suspect: list[str]  # what makes its numbers suspect


def _comparison(plan: Plan, folder: Path, how: Conditions, say: Say, prepared: Prepared) -> Comparison:
    return Comparison(plan, prepared.origin, prepared.rig, folder, say, lambda: _settle(plan, how, say), how.stop)


@contextmanager
def _prepared(
    plan: Plan, folder: Path, how: Conditions, say: Say, refuse: Callable[[Provenance], None]
) -> Iterator[Prepared]:
    """Hand out what an experiment needs, on an idle machine."""
    binary = check(plan)
    with lock.hold(lock.COMPARING, ["tandem", *how.arguments]):
        if plan.layout.suspect:
            say(f"warning: {plan.layout.suspect}")
        os.sched_setaffinity(0, plan.layout.harness)
        rig = Rig(plan, folder, binary)
        with rig.ready():
            origin = _origin(plan, folder, binary, how)
            refuse(origin)
            suspect = [*plan.layout.notes, *_wait_until_idle(plan, how, say)]
            yield Prepared(rig, origin, suspect)


def _origin(plan: Plan, folder: Path, binary: Path, how: Conditions) -> Provenance:
    used = plan.application.database
    version, durability = _described(plan, folder / "logs" / "database.log")
    return provenance.provenance(
        cpus=plan.layout.allowed,
        stack_cpus=plan.layout.stack,
        generator_cpus=plan.layout.generator,
        arguments=how.arguments,
        nginx=nginx.version(binary),
        packages=plan.application.packages,
        durability=durability,
        sqlite=version,
        database=used.title if used else "SQLite",
    )


def _described(plan: Plan, log: Path) -> tuple[str, str]:
    """Return the version of the database, and what it promises of a commit."""
    used = plan.application.database
    if used and used.existing:
        with existing_postgresql.server(used.existing) as found:
            return found.version, found.durability
    version = postgresql.version(log) if used and used.server else database.version(plan.application, log)
    return version, used.durability if used else "none"


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
