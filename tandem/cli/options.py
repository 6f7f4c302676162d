"""Options: what a command takes, each a row; those of the commands that measure have modules of their own."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

from tandem.cli.values import names, seconds, setting, whole_number

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
FILE_OPTIONS = (
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
        "--database", str, "KIND",
        "such as postgresql: servers of its own, filled anew, whose data goes at the end (default: sqlite, in var/)",
    ),
    Option(
        "--no-limits", None, "", "refuse nobody who logs in often, as a load does (LIMITS=0 make serve)",
        unsets="limits",
    ),
    Option("--lab", None, "", "with the routes that block on purpose: anybody can block the app then"),
    Option("--tls", None, "", "over HTTPS and HTTP/2, with a certificate that is made in var/tls (TLS=1 make serve)"),
    Option("--set", setting, "NAME=VALUE", "environment variable of the servers; may be given again", repeated=True),
    Option("--users", USERS, "N", "seeded users (default: %(default)s)", 10_000),
    Option("--news-delay", seconds, "S", "how slow the news stub is (default: %(default)s)", 0.1),
    Option("--cpus", CPUS, "N", "CPUs of each stack (default: %(default)s)", 1),
    *FILE_OPTIONS,
)  # fmt: skip

LIVE_OPTIONS = (
    Option("--stacks", names, "A,B", "two to four of them, of one app (default: wsgi-gthread,asgi)", ["wsgi-gthread", "asgi"]),
    Option("--rate", whole_number(1, 200), "N", "bystanders per second, in each lane (default: %(default)s)", 40),
    Option("--port", whole_number(1, 65535), "PORT", "where the page is, on 127.0.0.1 (default: %(default)s)", 8090),
    Option("--seed", whole_number(0, 2**63 - 1), "N", "of the moments at which bystanders come (default: %(default)s)", 1),
    *FILE_OPTIONS,
)  # fmt: skip

STACKS_OPTIONS = (Option("--cpus", CPUS, "N", "for so many CPUs (default: %(default)s)", 1), *FILE_OPTIONS)

SEED = (
    Option("--users", USERS, "N", "default: %(default)s", 10_000),
    Option("--app", str, "APP", "whose database it is (default: the first of tandem/plan/apps.toml)"),
    APPS_FILE,
)
SEED_WHERE = (
    Option("--url", str, "URL", "URL of the database, which must hold no users"),
    Option("--database", Path, "FILE", "the same for a file"),
)

STALLS_OPTIONS = (
    Option("--csv", None, "", "every stall as a row of CSV"),
    Option("--requests", None, "", "every request that was under way during a stall; with --csv as CSV"),
)

DIFF_OPTIONS = (
    Option("--all", None, "", "ratios without a verdict, too"),
    Option("--csv", None, "", "every ratio as a row of CSV"),
)
