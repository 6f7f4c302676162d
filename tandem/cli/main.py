"""The commands: `tandem serve | stacks | seed | compare | report | doctor`."""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import secrets
import shlex
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from tandem import formats
from tandem.cli import console
from tandem.cli.console import say
from tandem.cli.options import IDLE_SECONDS
from tandem.cli.parser import parser
from tandem.doctor import examination
from tandem.errors import RunFailed, Stopped, TandemError, full_disk_named, sentence
from tandem.experiments import resume, session
from tandem.experiments.progress import duration
from tandem.launch import database, foreground, lock, process
from tandem.plan import apps, profiles
from tandem.plan import comparison as planning
from tandem.plan import stacks as stacks_module
from tandem.plan.stacks import Stacks
from tandem.records import run_folder
from tandem.records.journal import RECORDS


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit status."""
    commands = {
        "serve": _serve, "compare": _compare, "stacks": _stacks, "seed": _seed, "report": _report, "doctor": _doctor,
    }  # fmt: skip
    try:
        options = parser().parse_args(arguments)
        options.given = list(arguments)
        with process.stoppable():
            return commands[options.command](options)
    except (TandemError, Stopped) as error:
        print(f"tandem: {error}", file=sys.stderr)
        return error.status
    except OSError as error:
        print(f"tandem: {sentence(error)}", file=sys.stderr)
        return 1


def _serve(options: argparse.Namespace) -> int:
    chosen = stacks_module.choose(stacks_module.load(options.stacks_file, options.apps_file), options.stacks)
    _refuse_unused_environment(chosen)
    wishes = foreground.ServeOptions(
        shared=options.shared, users=options.users, news_delay=options.news_delay, port=options.port, cpus=options.cpus,
        limits=options.limits,
    )  # fmt: skip
    disks = foreground.VAR, Path(tempfile.gettempdir())
    with lock.hold(f"serve-{os.getpid()}", ["tandem", *options.given]), full_disk_named(*disks):
        foreground.serve(chosen, wishes, say)
    return 0


def _stacks(options: argparse.Namespace) -> int:
    head = ["stack", "app", "processes", "threads", "slots", "database", "news", "port", "title"]
    rows = [head]
    for name, stack in stacks_module.load(options.stacks_file, options.apps_file).items():
        budget = stack.budget(options.cpus)
        slots = "–" if budget.slots is None else budget.slots
        connections = (budget.database_connections, budget.news_connections)
        counts = (budget.processes, budget.threads, slots, *connections, stack.public_port)
        rows.append([name, stack.app, *map(str, counts), stack.title])
    widths = [max(len(row[column]) for row in rows) for column in range(len(head) - 1)]
    for row in rows:
        say("  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=False)) + f"  {row[-1]}")
    cpus = f"{options.cpus} CPU{'s' * (options.cpus > 1)}"
    say(f"\nOn {cpus}. Threads are per process; slots, database and news connections over all processes; – means")
    say("that only connections bound them.")
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
    _refuse_unused_environment(plan.definitions)
    if plan.exploratory:
        if options.require_decided:
            raise TandemError(f"--require-decided can't be met: {plan.exploratory}")
        say(f"exploratory, no verdicts: {plan.exploratory}")
    session.check(plan)
    with run_folder.new(options.out) as folder:
        how = _conditions(options, options.allow_dirty)
        return _measured(folder, options, lambda: session.begin(plan, folder, how, say))


def _resume(options: argparse.Namespace) -> int:
    """Resume a run, or measure its planned extension, with the options that it began with."""
    _reject_ignored_options(options)
    folder = options.resume or options.extend
    past = resume.read(folder)
    began, *later = [_recorded(each.command, first=number == 0) for number, each in enumerate(past.provenances)]
    plan = _plan(began, past.run.seed)
    _refuse_unused_environment(plan.definitions)
    resume.refuse_other_plan(past, plan)
    rounds = resume.total(past, bool(options.extend))
    how = _conditions(options, any(each.allow_dirty for each in (options, began, *later)))
    return _measured(folder, options, lambda: session.resume_run(plan, past, rounds, folder.resolve(), how, say))


def _recorded(command: Sequence[str], first: bool = False) -> argparse.Namespace:
    """Return the options of a command that the records hold, the one that began the run or one that resumed it.

    Raises TandemError where it is no such command, or this version doesn't know its options.
    """
    shown = formats.shortened(shlex.join(command))
    problem = f"the records name the command `{shown}`, which this version can't resume: start a new run"
    if command[1:2] != ["compare"]:
        raise TandemError(problem)
    try:
        with contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(io.StringIO()):
            options = parser().parse_args(command[1:])
    except SystemExit:
        raise TandemError(problem) from None
    if first and (options.resume or options.extend):
        raise TandemError(problem)
    return options


def _conditions(options: argparse.Namespace, allow_dirty: bool) -> session.Conditions:
    wait = options.quiet_wait
    if wait is None:
        wait = 0 if allow_dirty else IDLE_SECONDS
    return session.Conditions(
        arguments=options.given,
        idle_seconds=wait,
        allow_dirty=allow_dirty,
        stop=lambda line: console.stop_instead(line, options.stop_when_hopeless),
    )


def _measured(folder: Path, options: argparse.Namespace, measure: Callable[[], None]) -> int:
    """Measure into this folder and report; what was measured before something broke is reported, too."""
    began = time.monotonic()
    try:
        measure()
    except RunFailed:
        _report_what_is_there(folder)
        raise
    except Stopped:
        if (folder / RECORDS).exists():
            say(f"what was measured is kept: tandem report {folder}, or resume with tandem compare --resume {folder}")
        raise
    say(f"measured in {duration(time.monotonic() - began)}")
    return _show(folder, options.require_decided)


def _plan(given: argparse.Namespace, seed: int | None) -> planning.Plan:
    """Return the plan that these options ask for, with this seed where there is one already."""
    if seed is None:
        seed = secrets.randbelow(2**31) if given.seed is None else given.seed
    profile = "quick" if given.quick else given.profile or profiles.STANDARD.name
    return planning.plan(
        profiles.PROFILES[profile],
        stacks_module.load(given.stacks_file, given.apps_file),
        names=given.stacks,
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
    )


HEEDED = {"resume", "extend", "require_decided", "stop_when_hopeless", "quiet_wait", "allow_dirty", "command", "given"}
"""Options that hold for a run that is resumed; all others are taken from it."""


def _reject_ignored_options(options: argparse.Namespace) -> None:
    """Raise TandemError for options that a resumed run would ignore."""
    usual = vars(parser().parse_args(["compare"]))
    changed = [name for name, value in vars(options).items() if name not in HEEDED and value != usual.get(name)]
    if options.extend and "rounds" in changed:
        raise TandemError("--extend measures the rounds that were planned, --rounds can't add any: start a new run")
    if changed:
        raise TandemError(
            f"--{changed[0].replace('_', '-')} can't be changed when a run is resumed: leave it out, or start a new run"
        )


def _refuse_unused_environment(stacks: Stacks) -> None:
    """Raise TandemError for a setting in the environment that somebody would miss: stacks get their own."""
    for name in dict.fromkeys(name for stack in stacks.values() for name in stack.application.services()):
        if name in os.environ:
            raise TandemError(
                f"{name} is set, and tandem doesn't use it: it makes databases and a news service of its own. "
                f"Unset it (env -u {name} tandem …), or start the app itself to serve another database"
            )


def _doctor(_: argparse.Namespace) -> int:
    findings = examination.examine()
    say(examination.render(findings))
    return 1 if any(each.state == "bad" for each in findings) else 0


def _report_what_is_there(folder: Path) -> None:
    """Render the report of a run that broke off, if it got as far as its records; its own failure must not hide the first."""
    if (folder / RECORDS).exists():
        try:
            _show(folder, False)
        except (TandemError, OSError, ValueError) as error:
            print(f"tandem: no report of what was measured: {error}", file=sys.stderr)


def _report(options: argparse.Namespace) -> int:
    return _show(options.folder, False)


def _show(folder: Path, require_decided: bool) -> int:
    """Render the report and say where it is."""
    from tandem import report  # altair takes most of a second to import, and no other command needs it
    from tandem.report import answers, sentences

    summary = report.write(folder)
    for answer in answers.answers(summary):
        say("\n" + "\n  ".join([answer.question, *(f"{line}." for line in answer.lines)]))
    say("\n" + "\n".join(sentences.texts(sentences.verdict(summary))))
    say(sentences.badge(summary))
    say(f"report: {folder / 'report.html'}")
    return 3 if require_decided and not summary.decided else 0
