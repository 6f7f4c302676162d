"""The commands: `tandem serve | live | stacks | seed | compare | capacity | lab | report | diff | stalls | doctor`."""

from __future__ import annotations

import argparse
import os
import secrets
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tandem.cli import capacity, diff, lab, listing, stalls
from tandem.cli.console import say
from tandem.cli.measuring import (
    conditions,
    ignored,
    measured,
    recorded,
    refuse_ignored,
    refuse_unused_environment,
    show,
)
from tandem.cli.parser import parser
from tandem.doctor import examination
from tandem.errors import Stopped, TandemError, full_disk_named, sentence
from tandem.experiments import capacity as capacity_search
from tandem.experiments import resume, session
from tandem.launch import database, foreground, lock, signals
from tandem.live import session as live
from tandem.plan import apps, asked, needs, profiles
from tandem.plan import comparison as planning
from tandem.plan import stacks as stacks_module
from tandem.plan.run import Plan
from tandem.records import run_folder


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit status."""
    commands = {
        "serve": _serve, "compare": _compare, "stacks": listing.run, "seed": _seed, "report": _report, "doctor": _doctor,
        "capacity": capacity.run, "stalls": stalls.run, "live": _live, "lab": lab.run, "diff": diff.run,
    }  # fmt: skip
    try:
        options = parser().parse_args(arguments)
        options.given = list(arguments)
        with signals.stoppable():
            return commands[options.command](options)
    except (TandemError, Stopped) as error:
        print(f"tandem: {error}", file=sys.stderr)
        return error.status
    except OSError as error:
        print(f"tandem: {sentence(error)}", file=sys.stderr)
        return 1


def _serve(options: argparse.Namespace) -> int:
    known = stacks_module.choose(stacks_module.load(options.stacks_file, options.apps_file), options.stacks)
    chosen = stacks_module.on_database(known, options.database)
    refuse_unused_environment(chosen)
    stacks_module.refuse_missing(chosen)
    given = foreground.ServeOptions(
        shared=options.shared, users=options.users, news_delay=options.news_delay, port=options.port, cpus=options.cpus,
        limits=options.limits, lab=options.lab, tls=options.tls, more=dict(options.set),
    )  # fmt: skip
    disks = foreground.VAR, Path(tempfile.gettempdir())
    with lock.hold(f"serve-{os.getpid()}", ["tandem", *options.given]), full_disk_named(*disks):
        foreground.serve(chosen, given, say)
    return 0


def _live(options: argparse.Namespace) -> int:
    chosen = stacks_module.choose(stacks_module.load(options.stacks_file, options.apps_file), options.stacks)
    refuse_unused_environment(chosen)
    stacks_module.refuse_missing(chosen)
    given = live.LiveOptions(port=options.port, rate=options.rate, seed=options.seed)
    with lock.hold(f"live-{os.getpid()}", ["tandem", *options.given]), full_disk_named(Path(tempfile.gettempdir())):
        live.run(chosen, given, say)
    return 0


def _seed(options: argparse.Namespace) -> int:
    if options.database and not options.database.parent.is_dir():
        raise TandemError(f"there is no folder {options.database.parent}: make it first, or name another file")
    known = apps.load(options.apps_file)
    name = options.app or next(iter(known))
    if name not in known or known[name].database is None:
        having = [each for each, app in known.items() if app.database]
        raise TandemError(
            f"no app {name!r} with a database: known are {', '.join(having)}; --apps-file FILE adds your own"
        )
    url = options.url or database.url(known[name], options.database)
    disks = Path(tempfile.gettempdir()), *([options.database.parent] if options.database else [])
    with full_disk_named(*disks), tempfile.TemporaryDirectory(prefix="tandem-") as folder:
        database.fill(known[name], url, options.users, Path(folder) / "seed.log")
    say(f"{options.users} users")
    return 0


def _compare(options: argparse.Namespace) -> int:
    if options.resume or options.extend:
        return _resume(options)
    plan = _plan(options, None)
    refuse_unused_environment(plan.definitions)
    if plan.exploratory:
        if options.require_decided:
            raise TandemError(f"--require-decided can't be met: {plan.exploratory}")
        say(f"exploratory, no verdicts: {plan.exploratory}")
    session.check(plan)
    with run_folder.new(options.out) as folder:
        how = conditions(options, options.allow_dirty)
        return measured(folder, options, lambda: session.begin(plan, folder, how, say))


def _resume(options: argparse.Namespace) -> int:
    """Resume a run, or measure its planned extension, with the options that it began with."""
    _reject_ignored_options(options)
    folder = options.resume or options.extend
    past = resume.read(folder)
    began, *later = [recorded(each.command, first=number == 0) for number, each in enumerate(past.provenances)]
    plan = _plan(began, past.run.seed)
    refuse_unused_environment(plan.definitions)
    resume.refuse_other_plan(past.run, plan)
    only_capacity = not past.missing and not options.extend and capacity_search.unfinished(folder, plan)
    rounds = past.planned if only_capacity else resume.total(past, bool(options.extend))
    how = conditions(options, any(each.allow_dirty for each in (options, began, *later)))
    return measured(folder, options, lambda: session.resume_run(plan, past, rounds, folder.resolve(), how, say))


def _plan(given: argparse.Namespace, seed: int | None) -> Plan:
    """Return the plan that these options ask for, with this seed where there is one already."""
    if seed is None:
        seed = secrets.randbelow(2**31) if given.seed is None else given.seed
    profile = "quick" if given.quick else given.profile or profiles.STANDARD.name
    known = stacks_module.load(given.stacks_file, given.apps_file)
    return planning.plan(
        profiles.PROFILES[profile],
        known,
        names=_named(given, known, profiles.PROFILES[profile]),
        baseline=given.baseline,
        scenarios=given.scenarios,
        load=given.load,
        rounds=given.rounds,
        seconds=given.seconds,
        warmup=given.warmup,
        users=given.seed_users,
        rate=given.rate,
        extension=given.plan_extension,
        seed=seed,
        cpus=given.cpus,
        waive=given.waive,
        slices=given.slices,
        in_one_piece_too=given.in_one_piece_too,
        database=given.database,
    )


def _named(given: argparse.Namespace, known: stacks_module.Stacks, profile: profiles.Profile) -> list[str] | None:
    """Return the stacks of the group that can be started here and asked what is to be asked, and those that are named."""
    named: list[str] | None = given.stacks
    if not given.stacks_group:
        return named
    group = {name: known[name] for name in stacks_module.grouped(known, given.stacks_group)}
    lacking = {name: reason for name, stack in group.items() if (reason := needs.lacking(stack.needs))}
    left_out = {**asked.unfit(profile, group, given.scenarios, given.load), **lacking}
    for name, reason in left_out.items():
        say(f"{name} is left out: {reason}")
    return list(dict.fromkeys([*(name for name in group if name not in left_out), *(named or [])]))


def _reject_ignored_options(options: argparse.Namespace) -> None:
    """Raise TandemError for options that a resumed run would ignore."""
    if options.extend and "rounds" in ignored(options):
        raise TandemError("--extend measures the rounds that were planned, --rounds can't add any: start a new run")
    refuse_ignored(options)


def _doctor(_: argparse.Namespace) -> int:
    findings = examination.examine()
    say(examination.render(findings))
    return 1 if any(each.state == "bad" for each in findings) else 0


def _report(options: argparse.Namespace) -> int:
    return show(options.folder, False)
