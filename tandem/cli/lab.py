"""The command `tandem lab`: from its options, or those that a laboratory run began with, to its report."""

from __future__ import annotations

import argparse
import secrets

from tandem.cli.console import say
from tandem.cli.measuring import conditions, measured, recorded, refuse_ignored, refuse_unused_environment
from tandem.experiments import resume, session
from tandem.experiments.progress import duration
from tandem.plan import lab as planning
from tandem.plan import stacks
from tandem.plan.lab_parts import PARTS
from tandem.plan.run import Plan
from tandem.records import run_folder


def run(options: argparse.Namespace) -> int:
    """Measure a part of the laboratory, or go on with one."""
    if options.resume:
        return _resume(options)
    plan = _plan(options, secrets.randbelow(2**31) if options.seed is None else options.seed)
    refuse_unused_environment(plan.definitions)
    kinds = ", ".join(load.scenario for load in plan.loads)
    say(f"{kinds} on {', '.join(stack.name for stack in plan.stacks() if stack.decoy_of is None)}: {_time(plan)}")
    if plan.exploratory:
        say(f"exploratory, no verdicts: {plan.exploratory}")
    session.check(plan)
    with run_folder.new(options.out) as folder:
        how = conditions(options, options.allow_dirty)
        return measured(folder, options, lambda: session.begin(plan, folder, how, say))


def _time(plan: Plan) -> str:
    return f"{plan.rounds} × {plan.blocks_per_round()} blocks, about {duration(plan.seconds())}"


def _resume(options: argparse.Namespace) -> int:
    refuse_ignored(options)
    past = resume.read(options.resume)
    began, *later = [recorded(each.command, "lab", first=number == 0) for number, each in enumerate(past.provenances)]
    plan = _plan(began, past.run.seed)
    refuse_unused_environment(plan.definitions)
    resume.refuse_other_plan(past.run, plan)
    how = conditions(options, any(each.allow_dirty for each in (options, began, *later)))
    folder, rounds = options.resume.resolve(), resume.total(past, False)
    return measured(folder, options, lambda: session.resume_run(plan, past, rounds, folder, how, say))


def _plan(given: argparse.Namespace, seed: int) -> Plan:
    return planning.plan(
        PARTS[given.part],
        stacks.load(given.stacks_file, given.apps_file),
        names=given.stacks,
        group=given.stacks_group,
        baseline=given.baseline,
        wanted=given.kinds,
        rounds=given.rounds,
        seconds=given.seconds,
        users=given.seed_users,
        seed=seed,
        cpus=given.cpus,
        waive=given.waive,
        database=given.database,
    )
