"""The parser of the command line: commands, what they do, and examples."""

from __future__ import annotations

import argparse
import tomllib
from importlib import metadata
from pathlib import Path

from tandem.cli import compare_options, options, run_options
from tandem.formats import listed
from tandem.paths import PROJECT
from tandem.plan import stacks

DESCRIPTION = """\
Serve and compare stacks on this machine: the same web app behind WSGI and behind ASGI servers, or one of your own.
Everything runs on 127.0.0.1, and whatever a command starts it also stops.
"""

EPILOGUE = """\
examples:
  tandem serve                                   both apps, http://127.0.0.1:8080 and http://127.0.0.1:8081
  tandem serve wsgi-sync --port 9090             one stack on a port of your choice
  tandem live                                    what blocks and whom it hurts, as a page: http://127.0.0.1:8090
  tandem compare --quick                         a first look, 6 to 10 minutes
  tandem compare                                 the standard comparison, up to 30 minutes
  tandem compare --stacks asgi,mine --stacks-file mine.toml --baseline asgi --scenarios read
  tandem compare --resume results/latest         resume a run that was interrupted
  tandem compare --profile full                  more stacks and scenarios, and a search for capacity, up to 75 minutes
  tandem capacity --scenarios read,waiting       the highest rate with p99 below 100 ms
  tandem lab                                     what happens to everyone else when something blocks, about 40 minutes
  tandem lab --part smoke                        whether that works here, in a minute
  tandem stalls results/latest                   which line stood there, and whom it made late
  tandem report results/latest                   render a report again from its records
  tandem diff results/BEFORE results/latest       what became of each ratio of an earlier run
  tandem doctor                                  what on this machine would spoil a run

exit status: 0 done; 1 something broke while it ran; 2 wrong call or set-up; 3 `--require-decided` and not everything is
decided; 130 or 143 stopped by Ctrl-C or a signal. What a comparison finds never changes its exit status otherwise.
"""

ABOUT_COMPARE = """\
Compare stacks. Each round starts every stack once, fresh, on a freshly restored database, the baseline a second time as a
decoy; they take turns on the same CPU, in a random and balanced order. Before the first block all stacks must give the same
answers. A scenario is driven at a fixed rate, whether or not earlier requests are answered (open loop), or to saturation, with
so many requests always in flight (closed loop), as the profile or --load says. A round that something outside the stacks
disturbed is measured again. Each block is on disk before the next begins: a run that is stopped can be reported and resumed.
"""

CAPACITY = """\
Search for the capacity of stacks: the highest rate that is served with p99 below --target-ms (plus what the scenario waits
for a third party), less than 0.1 % lost and 99 % answered well. Rates lie 5 % apart; the stacks take turns, each fresh at every
rate, and requests arrive whether or not earlier ones are answered (open loop). What is found is a bracket: the highest rate
that met the level three times of three, and the lowest that missed it twice of three. Only brackets that don't overlap tell
which stack takes more. About three minutes for each stack and scenario; each block is on disk before the next begins.
"""

ABOUT_LIVE = """\
Show what blocks, and whom it hurts, while it happens: a page with two stacks side by side under the same bystanders, who come
whether or not earlier ones are answered (open loop). Its buttons start a blocker in both at once; before that it says how many
arithmetic expects to be late, afterwards how many were, and which line stood. The page is served, and the load is sent, by a
process of its own. A demonstration: whatever else the machine does shows, nothing is repeated, and nothing is kept.
`tandem compare` measures.
"""

LABORATORY = """\
The laboratory: bystanders ask for little at a fixed rate while other requests block, in the middle of three phases. For each
kind of blocker and stack: how many are late per blocker, beside what a replay of the same schedule predicts; how long recovery
took; which line stood there, and whom that hurt. Kinds that compute have a control: an outside process burns as much CPU at the
same moments, and only harm beyond it is blocking. Rounds, orders, validity and records are those of `tandem compare`; each block
is on disk before the next begins.
"""

SERVED = ("wsgi-gthread", "asgi")
"""What is served unless told otherwise."""

ABOUT_STALLS = """Join what the apps wrote of their stalls, nginx of its requests and the load generator of its own, by time and
request id: which line stood there, how many requests the process knew of meanwhile, and how many outside were under way
and late. Runs record that where all their scenarios have blockers."""

ABOUT_DIFF = """Hold two runs against each other by their ratios to their own baselines, since absolute values of two runs can't
be compared. A ratio changed where the exact interval of what lies between them (rank-sum) excludes nothing at all, and it is
more than matters and than two runs of the same code differ by. The first folder is the earlier run."""

DOCTOR = """Check this machine and say what would spoil a run. It measures for a few seconds. Exit status 1 where a run is not
possible or could not be believed."""


def parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command line."""
    raw = argparse.RawDescriptionHelpFormatter
    top = argparse.ArgumentParser(prog="tandem", description=DESCRIPTION, epilog=EPILOGUE, formatter_class=raw)
    top.add_argument("--version", action="version", version=f"tandem {version()}")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    serve = commands.add_parser("serve", help="serve stacks in the foreground until Ctrl-C", description=_serve())
    serve.add_argument("stacks", nargs="*", metavar="STACK", default=list(SERVED), help=f"default: {' '.join(SERVED)}")
    options.add(serve, options.SERVE)
    live = commands.add_parser(
        "live", help="a page that shows what blocks, and whom it hurts", description=ABOUT_LIVE, formatter_class=raw
    )
    options.add(live, options.LIVE_OPTIONS)
    compare = commands.add_parser(
        "compare", help="compare stacks and report", description=ABOUT_COMPARE, formatter_class=raw
    )
    for title, rows in compare_options.compare().items():
        options.add(compare.add_argument_group(title), rows)
    for rows in compare_options.EITHER:
        options.add(compare.add_mutually_exclusive_group(), rows)
    capacity = commands.add_parser(
        "capacity", help="search for the highest rate at a service level", description=CAPACITY, formatter_class=raw
    )
    for title, rows in run_options.capacity().items():
        options.add(capacity.add_argument_group(title), rows)
    lab = commands.add_parser(
        "lab",
        help="what happens to everyone else when something blocks, by kind",
        description=LABORATORY,
        formatter_class=raw,
    )
    for title, rows in run_options.lab().items():
        options.add(lab.add_argument_group(title), rows)
    listing = commands.add_parser("stacks", help="list the stacks and what each may use, or show one of them")
    listing.add_argument(
        "stack", nargs="?", metavar="STACK", help="show its command, its purpose, and what its server can't keep"
    )
    options.add(listing, options.STACKS_OPTIONS)
    seed = commands.add_parser("seed", help="make a database of users, the same ones every time")
    options.add(seed, options.SEED)
    options.add(seed.add_mutually_exclusive_group(required=True), options.SEED_WHERE)
    commands.add_parser("doctor", help="check this machine and say what would spoil a run", description=DOCTOR)
    report = commands.add_parser("report", help="render the report of a run again from its records")
    report.add_argument("folder", type=Path, metavar="DIR", help="a folder below results/, or results/latest")
    lines = commands.add_parser("stalls", help="list what stood during a run with blockers: the line, and whom it hurt",
                                description=ABOUT_STALLS)  # fmt: skip
    lines.add_argument("folder", type=Path, metavar="DIR", help="a folder below results/, or results/latest")
    options.add(lines, options.STALLS_OPTIONS)
    diff = commands.add_parser("diff", help="what became of each ratio of an earlier run", description=ABOUT_DIFF)
    for name in ("earlier", "later"):
        diff.add_argument(name, type=Path, metavar=name.upper(), help="a folder below results/, or results/latest")
    options.add(diff, options.DIFF_OPTIONS)
    return top


def _serve() -> str:
    """Return what `tandem serve` does, with the ports of the built-in apps and what changes them."""
    found = {stack.app: (stack.public_port, stack.port_variable()) for stack in stacks.load().values()}
    usual = listed([f"{port} for {app}" for app, (port, _) in found.items()])
    return (
        "Serve stacks behind nginx, each with its own copy of one seeded database in var/, kept until `make clean`. "
        f"Ports: {usual}, or {listed([name for _, name in found.values()])}. All believe the same "
        "sessions: a seeded user who is logged in through one stack is logged in through the others."
    )


def version() -> str:
    """Return the version of this project, from its metadata or, in a clone that is not installed, from pyproject.toml."""
    try:
        return metadata.version("tandem")
    except metadata.PackageNotFoundError:
        project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))
        return str(project["project"]["version"])
