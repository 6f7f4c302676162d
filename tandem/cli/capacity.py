"""The command `tandem capacity`: from its options, or those that a search began with, to its report."""

from __future__ import annotations

import argparse
import secrets

from tandem.cli.console import say
from tandem.cli.measuring import conditions, measured, recorded, refuse_ignored, refuse_unused_environment
from tandem.experiments import capacity as searching
from tandem.experiments import session
from tandem.plan import capacity as planning
from tandem.plan import stacks
from tandem.plan.capacity import CapacityPlan
from tandem.records import run_folder
from tandem.records.capacity import Search


def run(options: argparse.Namespace) -> int:
    """Search for capacity, or go on with a search."""
    if options.resume:
        return _resume(options)
    plan = _plan(options, secrets.randbelow(2**31) if options.seed is None else options.seed)
    refuse_unused_environment(plan.site.definitions)
    session.check(plan.site)
    with run_folder.new(options.out) as folder:
        how = conditions(options, options.allow_dirty)
        return measured(folder, options, lambda: session.search(plan, folder, how, say))


def _resume(options: argparse.Namespace) -> int:
    refuse_ignored(options, "search")
    past = searching.read(options.resume)
    head = past[0]
    assert isinstance(head, Search)
    began = recorded(head.run.provenance.command, "capacity", first=True)
    plan = _plan(began, head.run.seed)
    refuse_unused_environment(plan.site.definitions)
    searching.refuse_other(past, plan)
    folder, how = options.resume.resolve(), conditions(options, options.allow_dirty or began.allow_dirty)
    return measured(folder, options, lambda: session.resume_search(plan, past, folder, how, say))


def _plan(given: argparse.Namespace, seed: int) -> CapacityPlan:
    return planning.plan(
        stacks.load(given.stacks_file, given.apps_file),
        names=given.stacks,
        scenarios=given.scenarios,
        target_ms=given.target_ms,
        seconds=given.seconds,
        warmup=given.warmup,
        users=given.seed_users,
        seed=seed,
        cpus=given.cpus,
        waive=given.waive,
        database=given.database,
    )
