"""The commands: `tandem serve | stacks | seed | compare | report | doctor`."""

from __future__ import annotations

import argparse
import os
import secrets
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec

from tandem.cli.console import say
from tandem.cli.options import parser
from tandem.doctor import examination
from tandem.drive import generator
from tandem.errors import RunFailed, Stopped, TandemError, sentence
from tandem.experiments import idle, resume
from tandem.experiments.compare import RECORDS, Comparison
from tandem.experiments.progress import duration
from tandem.experiments.rig import Machine
from tandem.judge.rounds import Rounds
from tandem.launch import database, foreground, nginx, process
from tandem.observe import provenance
from tandem.plan import comparison as planning
from tandem.plan import profiles
from tandem.plan import stacks as stacks_module
from tandem.records import run_folder

SETTLE_SECONDS = 30
"""How long a round that was spoiled waits at most for a quiet machine before it is measured again."""


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit status."""
    options = parser().parse_args(arguments)
    options.given = list(arguments)
    commands = {
        "serve": _serve, "compare": _compare, "stacks": _stacks, "seed": _seed, "report": _report, "doctor": _doctor,
    }  # fmt: skip
    try:
        with process.stoppable():
            return commands[options.command](options)
    except (TandemError, Stopped) as error:
        print(f"tandem: {error}", file=sys.stderr)
        return error.status
    except OSError as error:
        print(f"tandem: {sentence(error)}", file=sys.stderr)
        return 1


def _serve(options: argparse.Namespace) -> int:
    chosen = stacks_module.choose(stacks_module.load(options.stacks_file), options.stacks)
    wishes = foreground.Wishes(
        shared=options.shared, users=options.users, news_delay=options.news_delay, port=options.port, cpus=options.cpus,
        limits=options.limits,
    )  # fmt: skip
    foreground.serve(chosen, wishes, say)
    return 0


def _stacks(options: argparse.Namespace) -> int:
    head = ["stack", "app", "processes", "threads", "slots", "database", "news", "port", "title"]
    rows = [head]
    for name, stack in stacks_module.load(options.stacks_file).items():
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
    url = options.url or database.url(options.database)
    with tempfile.TemporaryDirectory(prefix="tandem-") as folder:
        database.tool(url, "seed", "--users", str(options.users), log=Path(folder) / "seed.log")
    say(f"{options.users} users")
    return 0


def _compare(options: argparse.Namespace) -> int:
    past, given, kept = None, options, []
    if taken_up := options.resume or options.extend:
        _refuse_unheard(options)
        kept = resume.read(taken_up / RECORDS)
        past = Rounds(kept)
        given = parser().parse_args(past.run.provenance.command[1:])
    wished = _plan(given, past.run.seed if past else None)
    generator.check()
    run_folder.check_report_libraries()
    binary = nginx.find()
    if past:
        resume.refuse_other_plan(past, wished)
    rounds = resume.total(past, bool(options.extend), options.rounds) if past else wished.rounds
    folder = taken_up.resolve() if taken_up else run_folder.new_folder(options.out)
    if wished.layout.suspect:
        say(f"warning: {wished.layout.suspect}")
    os.sched_setaffinity(0, wished.layout.harness)
    began = time.monotonic()
    try:
        machine = Machine(wished, folder, binary)
        with machine.ready():
            sqlite = database.sqlite_version(folder / "logs" / "database.log")
            origin = provenance.provenance(
                cpus=wished.layout.allowed,
                stack_cpus=wished.layout.stack,
                generator_cpus=wished.layout.generator,
                arguments=options.given,
                nginx=nginx.version(binary),
                sqlite=sqlite,
            )
            if past:
                resume.refuse_other_conditions(past, origin)
            suspect = [*wished.layout.notes, *_quiet(options, wished)]
            comparison = Comparison(
                wished,
                origin,
                machine,
                folder,
                say,
                lambda: idle.wait(min(options.quiet_wait, SETTLE_SECONDS), wished.layout.used(), say),
            )
            if past:
                suspect += resume.dirty([*past.provenances, origin])
                comparison.go_on(kept, rounds, suspect)
            else:
                comparison.begin(suspect)
    except RunFailed:
        _report_what_is_there(folder)
        raise
    except Stopped:
        if (folder / RECORDS).exists():
            say(f"what was measured is kept: tandem report {folder}, or go on with tandem compare --resume {folder}")
        raise
    say(f"measured in {duration(time.monotonic() - began)}")
    return _show(folder, options.require_decided)


def _plan(given: argparse.Namespace, seed: int | None) -> planning.Plan:
    """Return the plan that these options ask for, with this seed where there is one already."""
    if seed is None:
        seed = secrets.randbelow(2**31) if given.seed is None else given.seed
    return planning.plan(
        profiles.PROFILES[given.profile],
        stacks_module.load(given.stacks_file),
        names=given.stacks,
        baseline=given.baseline,
        scenarios=given.scenarios,
        rounds=given.rounds,
        seconds=given.seconds,
        warmup=given.warmup,
        users=given.seed_users,
        rate=given.rate,
        extension=given.plan_extension,
        seed=seed,
        cpus=given.cpus,
    )


TOGETHER = {"resume", "extend", "require_decided", "quiet_wait", "allow_dirty", "command", "given"}


def _refuse_unheard(options: argparse.Namespace) -> None:
    """Raise TandemError for options that a run which is taken up again would not heed."""
    usual = vars(parser().parse_args(["compare"]))
    heeded = TOGETHER | ({"rounds"} if options.extend else set())
    changed = [name for name, value in vars(options).items() if name not in heeded and value != usual.get(name)]
    if changed:
        raise TandemError(
            f"--{changed[0].replace('_', '-')} can't be changed when a run is taken up again: leave it out, or start a new run"
        )


def _quiet(options: argparse.Namespace, wished: planning.Plan) -> list[str]:
    """Wait for a quiet machine; return what disturbs it where that is allowed. Raises TandemError where it isn't."""
    reasons = idle.wait(options.quiet_wait, wished.layout.used(), say)
    if reasons and not options.allow_dirty:
        raise TandemError(
            f"this machine is not quiet: {'; '.join(reasons)}. Stop what disturbs it (`tandem doctor` tells more), wait longer "
            "with --quiet-wait SECONDS, or measure all the same with --allow-dirty"
        )
    return [f"the machine was not quiet at the start: {reason}" for reason in reasons]


def _doctor(_: argparse.Namespace) -> int:
    findings = examination.examine()
    say(examination.render(findings))
    return 1 if any(each.state == "bad" for each in findings) else 0


def _report_what_is_there(folder: Path) -> None:
    """Render the report of a run that broke off, if it got as far as a block; its own failure must not hide the first one."""
    if (folder / RECORDS).exists():
        try:
            _show(folder, False)
        except (TandemError, OSError, ValueError) as error:
            print(f"tandem: no report of what was measured: {error}", file=sys.stderr)


def _report(options: argparse.Namespace) -> int:
    return _show(options.folder, False)


def _show(folder: Path, require_decided: bool) -> int:
    """Render the report and say where it is."""
    if not (folder / RECORDS).is_file():
        raise TandemError(f"no {RECORDS} in {folder}: give the folder of a run, such as results/latest")
    from tandem import report  # altair takes most of a second to import, and no other command needs it

    try:
        summary = report.write(folder)
    except (ValueError, msgspec.DecodeError) as error:
        raise TandemError(f"the records in {folder} can't be read: {error}") from error
    except OSError as error:
        raise RunFailed(
            f"the report can't be written to {folder}: {error.strerror}; make room or copy the folder elsewhere"
        ) from error
    say("\n" + "\n".join(summary.verdict))
    say(summary.badge)
    say(f"report: {folder / 'report.html'}")
    return 3 if require_decided and not summary.decided else 0
