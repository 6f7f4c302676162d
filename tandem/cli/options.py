"""What the command line takes: commands, options and their help."""

from __future__ import annotations

import argparse
import tomllib
from collections.abc import Callable, Iterable
from importlib import metadata
from pathlib import Path

from tandem.formats import listed
from tandem.paths import PROJECT
from tandem.plan import profiles, scenarios, stacks

DESCRIPTION = """\
One user database, written once as a Flask WSGI app and once as a Starlette ASGI app, served and compared on this
machine. Everything runs on 127.0.0.1, and whatever a command starts it also stops.
"""

EXAMPLES = """\
examples:
  tandem serve                                   both apps, http://127.0.0.1:8080 and http://127.0.0.1:8081
  tandem serve wsgi-sync --port 9090             one stack on a port of your choice
  tandem compare --quick                         a first look, about 5 minutes
  tandem compare                                 the standard comparison, about 25 minutes
  tandem compare --stacks asgi,mine --stacks-file mine.toml --baseline asgi --scenarios read
  tandem compare --resume results/latest         resume a run that was interrupted
  tandem report results/latest                   render a report again from its records
  tandem doctor                                  what on this machine would spoil a run

exit status: 0 done; 1 something broke while it ran; 2 wrong call or set-up; 3 `--require-decided` and not everything is
decided; 130 or 143 stopped by Ctrl-C or a signal. What a comparison finds never changes its exit status otherwise.
"""

COMPARE = """\
Compare stacks. Each round starts every stack once, fresh, on its own CPU and a freshly restored database, the baseline a
second time as a decoy; the order is random and balanced. Before the first block all stacks must give the same answers.
Requests arrive at a fixed rate, whether or not earlier ones are answered (open loop). A round that something outside
the stacks disturbed is measured again. Each block is on disk before the next begins: a run that is stopped can be reported
and resumed.
"""

IDLE_SECONDS = 60
"""How long a comparison waits for an idle machine, unless told otherwise."""

DOCTOR = """Check this machine and say what would spoil a run. It measures for a few seconds. Exit status 1 where a run is not
possible or could not be believed."""


def whole_number(least: int, most: int) -> Callable[[str], int]:
    """Return the argument type of a whole number within bounds."""

    def convert(text: str) -> int:
        if not (text.isascii() and text.isdigit() and least <= int(text) <= most):
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from {least} to {most}")
        return int(text)

    return convert


def names(text: str) -> list[str]:
    """Return a list that commas separate."""
    return [name.strip() for name in text.split(",") if name.strip()]


def seconds(text: str) -> float:
    """Return a number of seconds up to a minute."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 60:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds from 0 to 60")
    return value


def parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command line."""
    raw = argparse.RawDescriptionHelpFormatter
    top = argparse.ArgumentParser(prog="tandem", description=DESCRIPTION, epilog=EXAMPLES, formatter_class=raw)
    top.add_argument("--version", action="version", version=f"tandem {version()}")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_serve(commands.add_parser("serve", help="serve stacks in the foreground until Ctrl-C"))
    _add_compare(
        commands.add_parser("compare", help="compare stacks and report", description=COMPARE, formatter_class=raw)
    )
    _add_stacks(commands.add_parser("stacks", help="list the stacks and what each may use"))
    _add_seed(commands.add_parser("seed", help="make a database of users, the same ones every time"))
    commands.add_parser("doctor", help="check this machine and say what would spoil a run", description=DOCTOR)
    report = commands.add_parser("report", help="render the report of a run again from its records")
    report.add_argument("folder", type=Path, metavar="DIR", help="a folder below results/, or results/latest")
    return top


def version() -> str:
    """Return the version of this project, from its metadata or, in a clone that is not installed, from pyproject.toml."""
    try:
        return metadata.version("tandem")
    except metadata.PackageNotFoundError:
        project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))
        return str(project["project"]["version"])


Option = tuple[str, Callable[[str], object] | list[str] | None, str, str]
"""An option: its name; its type, its choices, or None where it takes no value; what stands for its value; its help."""


def _add(to: argparse._ActionsContainer, options: Iterable[Option]) -> None:
    for name, kind, value, text in options:
        if kind is None:
            to.add_argument(name, action="store_true", help=text)
        elif isinstance(kind, list):
            to.add_argument(name, choices=kind, help=text)
        else:
            to.add_argument(name, type=kind, metavar=value, help=text)


def _add_files(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--stacks-file", type=Path, action="append", default=[], metavar="FILE",
        help="more stacks, in the format of tandem/plan/stacks.toml; may be given again",
    )  # fmt: skip
    _add_apps_files(parser)


def _add_apps_files(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--apps-file", type=Path, action="append", default=[], metavar="FILE",
        help="more apps, in the format of tandem/plan/apps.toml; may be given again",
    )  # fmt: skip


def _ports() -> str:
    """Return where the built-in apps answer, and what changes it."""
    found = {stack.app: (stack.public_port, stack.port_variable()) for stack in stacks.load().values()}
    usual = listed([f"{port} for {app}" for app, (port, _) in found.items()])
    return f"{usual}, or {listed([name for _, name in found.values()])}"


def _add_serve(serving: argparse.ArgumentParser) -> None:
    serving.description = (
        "Serve stacks behind nginx, each with its own copy of one seeded database in var/, kept until `make clean`. "
        f"Ports: {_ports()}. All believe the same "
        "sessions: a seeded user who is logged in through one stack is logged in through the others."
    )
    serving.add_argument(
        "stacks", nargs="*", metavar="STACK", default=["wsgi-gthread", "asgi"], help="default: wsgi-gthread asgi"
    )
    serving.add_argument("--port", type=whole_number(1, 65535), help="port of the one stack that is named")
    serving.add_argument(
        "--shared",
        action="store_true",
        help="one database for all (SHARED=1 make serve)",
    )
    serving.add_argument(
        "--no-limits",
        dest="limits",
        action="store_false",
        help="refuse nobody who logs in often, as a load does (LIMITS=0 make serve)",
    )
    serving.add_argument(
        "--users",
        type=whole_number(1, 10_000_000),
        default=10_000,
        metavar="N",
        help="seeded users (default: %(default)s)",
    )
    serving.add_argument(
        "--news-delay", type=seconds, default=0.1, metavar="S", help="how slow the news stub is (default: %(default)s)"
    )
    serving.add_argument(
        "--cpus", type=whole_number(1, 1024), default=1, metavar="N", help="CPUs of each stack (default: %(default)s)"
    )
    _add_files(serving)


def _add_compare(comparing: argparse.ArgumentParser) -> None:
    standard, number = profiles.STANDARD, whole_number
    # fmt: off  # a table
    _add(
        comparing.add_mutually_exclusive_group(),
        [
            ("--profile", list(profiles.PROFILES), "", f"defaults for all below (default: {standard.name})"),
            ("--quick", None, "", "the same as --profile quick"),
        ],
    )
    _add(
        comparing,
        [
            ("--stacks", names, "A,B", f"standard: {','.join(standard.stacks)}"),
            ("--baseline", str, "A", f"what the others are set against (standard: {standard.baseline})"),
            (
                "--scenarios",
                names,
                "S,T",
                f"standard: {','.join(standard.scenarios)}; known: {', '.join(scenarios.known())}",
            ),
            (
                "--rounds",
                number(1, 1000),
                "N",
                f"standard: {standard.rounds}; with too few for verdicts the run is exploratory",
            ),
            ("--seconds", number(1, 3600), "N", f"length of a block's window (standard: {standard.seconds})"),
            (
                "--rate",
                number(1, 100_000),
                "N",
                "arrivals per second of every scenario "
                f"(default: {profiles.RATE_CAP:.0f}, less where a stack could not serve it)",
            ),
            (
                "--warmup",
                number(1, 600),
                "N",
                f"of a fresh stack, before its first window (standard: {standard.warmup})",
            ),
            ("--seed", number(0, 2**63 - 1), "N", "of orders and requests (default: drawn and recorded)"),
            ("--seed-users", number(20, 10_000_000), "N", f"users in the database (standard: {standard.users})"),
            ("--cpus", number(1, 1024), "N", "CPUs of the stack (default: 1)"),
            ("--out", Path, "DIR", "where the run's folder goes (default: results)"),
            (
                "--quiet-wait",
                number(0, 3600),
                "S",
                "how long to wait for an idle machine before the start "
                f"(default: {IDLE_SECONDS}, with --allow-dirty 0)",
            ),
            ("--allow-dirty", None, "", "measure although the machine is not idle; the report says so"),
            (
                "--plan-extension",
                number(1, 1000),
                "N",
                "plan N further rounds, to be measured with --extend if they are wanted: "
                "each of both looks has half the error",
            ),
        ],
    )
    _add(
        comparing.add_mutually_exclusive_group(),
        [
            ("--resume", Path, "DIR", "resume an interrupted run; all else is taken from it"),
            ("--extend", Path, "DIR", "measure the extension that a finished run planned"),
        ],
    )
    # fmt: on
    _add(comparing, [("--require-decided", None, "", "exit 3 unless every headline is decided")])
    _add_files(comparing)
    comparing.set_defaults(cpus=1, out=Path("results"), plan_extension=0)


def _add_stacks(listing: argparse.ArgumentParser) -> None:
    listing.add_argument(
        "--cpus", type=whole_number(1, 1024), default=1, metavar="N", help="for so many CPUs (default: %(default)s)"
    )
    _add_files(listing)


def _add_seed(seeding: argparse.ArgumentParser) -> None:
    seeding.add_argument(
        "--users", type=whole_number(1, 10_000_000), default=10_000, metavar="N", help="default: %(default)s"
    )
    place = seeding.add_mutually_exclusive_group(required=True)
    place.add_argument("--url", help="URL of the database, which must hold no users")
    place.add_argument("--database", type=Path, metavar="FILE", help="the same for a file")
    seeding.add_argument(
        "--app", metavar="APP", help="whose database it is (default: the first of tandem/plan/apps.toml)"
    )
    _add_apps_files(seeding)
