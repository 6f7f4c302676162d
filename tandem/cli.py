"""The commands: `tandem serve | stacks | seed | compare | report`."""

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

from tandem import database, generator, nginx, process, profiles, provenance, results, serve
from tandem import plan as planning
from tandem import stacks as stacks_module
from tandem.compare import RECORDS, compare
from tandem.console import duration, say
from tandem.errors import RunFailed, Stopped, TandemError, sentence
from tandem.executor import Machine
from tandem.options import parser


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit status."""
    options = parser().parse_args(arguments)
    options.given = list(arguments)
    commands = {"serve": _serve, "compare": _compare, "stacks": _stacks, "seed": _seed, "report": _report}
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
    wishes = serve.Wishes(
        shared=options.shared, users=options.users, news_delay=options.news_delay, port=options.port, cpus=options.cpus
    )
    serve.serve(chosen, wishes)
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
    wished = planning.plan(
        profiles.PROFILES[options.profile],
        stacks_module.load(options.stacks_file),
        names=options.stacks,
        baseline=options.baseline,
        scenarios=options.scenarios,
        rounds=options.rounds,
        seconds=options.seconds,
        warmup=options.warmup,
        users=options.seed_users,
        seed=secrets.randbelow(2**31) if options.seed is None else options.seed,
        cpus=options.cpus,
    )
    generator.check()
    results.check_report_libraries()
    binary = nginx.find()
    nginx_version = nginx.version(binary)
    folder = results.new_folder(options.out)
    if wished.layout.suspect:
        say(f"warning: {wished.layout.suspect}")
    os.sched_setaffinity(0, wished.layout.generator)
    began = time.monotonic()
    try:
        machine = Machine(wished, folder, binary)
        with machine.ready():
            sqlite = database.sqlite_version(folder / "logs" / "database.log")
            origin = provenance.provenance(wished.layout, arguments=options.given, nginx=nginx_version, sqlite=sqlite)
            compare(wished, origin, machine, folder, say)
    except RunFailed:
        _report_what_is_there(folder)
        raise
    except Stopped:
        if (folder / RECORDS).exists():
            say(f"what was measured is kept: tandem report {folder}")
        raise
    say(f"measured in {duration(time.monotonic() - began)}")
    return _show(folder, options.require_decided)


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
