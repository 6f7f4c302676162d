"""Options: what the commands take, each a row."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

from tandem.cli.values import names, number, seconds, setting, whole_number
from tandem.plan import capacity as searching
from tandem.plan import lab as laboratory
from tandem.plan import loads, profiles, scenarios, stacks

IDLE_SECONDS = 60
"""How long a comparison waits for an idle machine, unless told otherwise."""

USERS, CPUS = whole_number(1, 10_000_000), whole_number(1, 1024)


class Option(NamedTuple):
    """One option."""

    name: str
    type: Callable[[str], object] | list[str] | None  # what reads its value, its choices, or None: it takes no value
    metavar: str  # what stands for its value
    help: str
    default: object = None
    repeated: bool = False  # may be given again: its values are a list
    unsets: str = ""  # the name of what it switches off, where it takes no value


def add(to: argparse._ActionsContainer, rows: Iterable[Option]) -> None:
    """Add these options to a parser or a group."""
    for row in rows:
        to.add_argument(row.name, help=row.help, **_how(row))


def _how(row: Option) -> dict[str, Any]:
    if row.type is None:
        return {"action": "store_false", "dest": row.unsets} if row.unsets else {"action": "store_true"}
    if isinstance(row.type, list):
        return {"choices": row.type}
    again = {"action": "append", "default": []} if row.repeated else {"default": row.default}
    return {"type": row.type, "metavar": row.metavar, **again}


APPS_FILE = Option(
    "--apps-file", Path, "FILE", "more apps, in the format of tandem/plan/apps.toml; may be given again", repeated=True
)
FILES = (
    Option(
        "--stacks-file", Path, "FILE", "more stacks, in the format of tandem/plan/stacks.toml; may be given again",
        repeated=True,
    ),
    APPS_FILE,
)  # fmt: skip

SERVE = (
    Option("--port", whole_number(1, 65535), "PORT", "port of the one stack that is named"),
    Option("--shared", None, "", "one database for all (SHARED=1 make serve)"),
    Option(
        "--no-limits", None, "", "refuse nobody who logs in often, as a load does (LIMITS=0 make serve)",
        unsets="limits",
    ),
    Option("--lab", None, "", "with the routes that block on purpose: anybody can block the app then (LAB=1 make serve)"),
    Option("--tls", None, "", "over HTTPS and HTTP/2, with a certificate that is made in var/tls (TLS=1 make serve)"),
    Option(
        "--set", setting, "NAME=VALUE",
        "environment variable of the servers, such as STALLS_FILE=/tmp/stalls.jsonl; may be given again",
        repeated=True,
    ),
    Option("--users", USERS, "N", "seeded users (default: %(default)s)", 10_000),
    Option("--news-delay", seconds, "S", "how slow the news stub is (default: %(default)s)", 0.1),
    Option("--cpus", CPUS, "N", "CPUs of each stack (default: %(default)s)", 1),
    *FILES,
)  # fmt: skip

LIVE = (
    Option("--stacks", names, "A,B", "two to four of them, of one app (default: wsgi-gthread,asgi)", ["wsgi-gthread", "asgi"]),
    Option("--rate", whole_number(1, 200), "N", "bystanders per second, in each lane (default: %(default)s)", 40),
    Option("--port", whole_number(1, 65535), "PORT", "where the page is, on 127.0.0.1 (default: %(default)s)", 8090),
    Option("--seed", whole_number(0, 2**63 - 1), "N", "of the moments at which bystanders come (default: %(default)s)", 1),
    *FILES,
)  # fmt: skip

STACKS = (Option("--cpus", CPUS, "N", "for so many CPUs (default: %(default)s)", 1), *FILES)

SEED = (
    Option("--users", USERS, "N", "default: %(default)s", 10_000),
    Option("--app", str, "APP", "whose database it is (default: the first of tandem/plan/apps.toml)"),
    APPS_FILE,
)
SEED_WHERE = (
    Option("--url", str, "URL", "URL of the database, which must hold no users"),
    Option("--database", Path, "FILE", "the same for a file"),
)

STALLS = (
    Option("--csv", None, "", "every stall as a row of CSV"),
    Option("--requests", None, "", "every request that was under way during a stall; with --csv as CSV"),
)

DIFF = (
    Option("--all", None, "", "ratios without a verdict, too"),
    Option("--csv", None, "", "every ratio as a row of CSV"),
)

CONDITIONS = (
    Option("--cpus", CPUS, "N", "CPUs of the stack (default: %(default)s)", 1),
    Option("--out", Path, "DIR", "where the run's folder goes (default: %(default)s)", Path("results")),
    Option(
        "--quiet-wait",
        whole_number(0, 3600),
        "S",
        f"how long to wait for an idle machine before the start (default: {IDLE_SECONDS}, with --allow-dirty 0)",
    ),
    Option(
        "--waive",
        str,
        "PROBE",
        "don't compare the answers to probes that begin so, such as 'GET /a'; the report says so; may be given again",
        repeated=True,
    ),
    Option("--allow-dirty", None, "", "measure although the machine is not idle; the report says so"),
)

EITHER = (
    (
        Option("--profile", list(profiles.PROFILES), "", f"defaults for all below (default: {profiles.STANDARD.name})"),
        Option("--quick", None, "", "the same as --profile quick"),
    ),
    (
        Option("--resume", Path, "DIR", "resume an interrupted run; all else is taken from it"),
        Option("--extend", Path, "DIR", "measure the extension that a finished run planned"),
    ),
)
"""Options of `compare` of which one alone may be given."""


def capacity() -> dict[str, tuple[Option, ...]]:
    """Return the options of `capacity`, by what they are about."""
    # fmt: off  # a table
    return {
        "what is searched for": (
            Option("--stacks", names, "A,B", "default: wsgi-gthread,asgi", ["wsgi-gthread", "asgi"]),
            Option("--scenarios", names, "S,T", "default: read,waiting", ["read", "waiting"]),
            Option(
                "--target-ms",
                number,
                "MS",
                "the service level: p99 below so many milliseconds, and the time that a scenario waits for a third party "
                "on top (default: %(default)g)",
                searching.TARGET_MS,
            ),
            *FILES,
        ),
        "how long, and how much": (
            Option(
                "--seconds",
                whole_number(1, 3600),
                "N",
                "measured at each rate (default: %(default)s)",
                searching.SECONDS,
            ),
            Option(
                "--warmup",
                whole_number(1, 600),
                "N",
                "before that, on a fresh stack (default: %(default)s)",
                searching.WARMUP,
            ),
            Option("--seed", whole_number(0, 2**63 - 1), "N", "of orders and requests (default: drawn and recorded)"),
            Option(
                "--seed-users",
                whole_number(20, 10_000_000),
                "N",
                "users in the database (default: %(default)s)",
                10_000,
            ),
        ),
        "where, and under which conditions": CONDITIONS,
        "going on": (
            Option("--resume", Path, "DIR", "go on with a search that was interrupted; all else is taken from it"),
        ),
    }
    # fmt: on


def lab() -> dict[str, tuple[Option, ...]]:
    """Return the options of `lab`, by what they are about."""
    parts = "; ".join(f"{part.name}: {part.about}" for part in laboratory.PARTS.values())
    return {
        "what blocks, and whom": (
            Option(
                "--part", list(laboratory.PARTS), "", f"what is measured unless told otherwise (default: %(default)s). {parts}",
                laboratory.HEADLINE.name,
            ),
            Option("--kinds", names, "K,L", "kinds of blocker, of loadtest/lab.toml"),
            Option("--stacks", names, "A,B", f"default: {','.join(laboratory.STACKS)}"),
            Option("--stacks-group", str, "GROUP", "all stacks of a group instead, such as ladder"),
            Option("--baseline", str, "A", "what the others are set against (default: wsgi-gthread, or the first)"),
            *FILES,
        ),
        "how long, and how much": (
            Option("--rounds", whole_number(1, 1000), "N", "default: headline 8, smoke 1, else 2"),
            Option(
                "--seconds", whole_number(4, 3600), "N",
                "length of a window, shared by its three phases (default: headline 21, smoke 4, else 12 or 13)",
            ),
            Option("--seed", whole_number(0, 2**63 - 1), "N", "of orders and requests (default: drawn and recorded)"),
            Option("--seed-users", whole_number(20, 10_000_000), "N", "users in the database (default: 10000, smoke 100)"),
        ),
        "where, and under which conditions": CONDITIONS,
        "going on": (Option("--resume", Path, "DIR", "go on with a run that was interrupted; all else is taken from it"),),
    }  # fmt: skip


def compare() -> dict[str, tuple[Option, ...]]:
    """Return the other options of `compare`, by what they are about; their defaults are those of the standard profile."""
    standard = profiles.STANDARD
    known = ", ".join(scenarios.known())
    # fmt: off  # a table
    return {
        "what is compared": (
            Option("--stacks", names, "A,B", f"standard: {','.join(standard.stacks)}"),
            Option("--stacks-group", str, "GROUP", f"the stacks of a group: {', '.join(stacks.groups(stacks.load()))}"),
            Option("--baseline", str, "A", f"what the others are set against (standard: {standard.baseline})"),
            Option("--scenarios", names, "S,T", f"standard: {','.join(standard.saturated)}; known: {known}"),
            Option(
                "--load",
                ["rate", "saturation", "both"],
                "",
                "drive the scenarios at a fixed rate, in an open loop; to saturation, in a closed one; or both "
                "(standard: both, quick: saturation; with --rate: rate)",
            ),
            Option(
                "--database",
                str,
                "KIND",
                "the database of all stacks, such as postgresql: each gets a server of its own, on its CPUs "
                "(default: sqlite)",
            ),
            *FILES,
        ),
        "how long, and how much": (
            Option(
                "--rounds",
                whole_number(1, 1000),
                "N",
                f"standard: {standard.rounds}; with too few for verdicts the run is exploratory",
            ),
            Option(
                "--seconds", whole_number(1, 3600), "N", f"length of a block's window (standard: {standard.seconds})"
            ),
            Option(
                "--slices",
                whole_number(0, 3600),
                "N",
                "cut each window into so many slices, which the stacks of a round take in turn; 0: in one piece, stack after "
                f"stack (default: {loads.FEWEST} or more, of {loads.SHORTEST:g} to {loads.LONGEST:g} s)",
            ),
            Option(
                "--in-one-piece-too",
                None,
                "",
                "measure each window that is cut into slices in one piece, too, beside it",
            ),
            Option(
                "--rate",
                whole_number(1, 100_000),
                "N",
                "arrivals per second of every scenario "
                f"(default: {loads.RATE_CAP:.0f}, less where a stack could not serve it)",
            ),
            Option(
                "--warmup",
                whole_number(1, 600),
                "N",
                f"of a fresh stack, before its first window (standard: {standard.warmup})",
            ),
            Option("--seed", whole_number(0, 2**63 - 1), "N", "of orders and requests (default: drawn and recorded)"),
            Option(
                "--seed-users", whole_number(20, 10_000_000), "N", f"users in the database (standard: {standard.users})"
            ),
            Option(
                "--plan-extension",
                whole_number(1, 1000),
                "N",
                "plan N further rounds, to be measured with --extend if "
                "they are wanted: each of both looks has half the error",
                0,
            ),
        ),
        "where, and under which conditions": (
            *CONDITIONS,
            Option(
                "--stop-when-hopeless",
                None,
                "",
                "stop as soon as too few rounds can become valid for any verdict; without it, you are asked on a terminal",
            ),
            Option("--require-decided", None, "", "exit 3 unless every headline is decided"),
        ),
    }
    # fmt: on
