"""Options of `capacity` and `lab`, by what they are about, and those that all commands which measure have in common."""

from __future__ import annotations

from pathlib import Path

from tandem.cli.options import CPUS, FILE_OPTIONS, Option
from tandem.cli.values import names, number, whole_number
from tandem.plan import capacity as searching
from tandem.plan import lab_parts

IDLE_SECONDS = 60
"""How long a comparison waits for an idle machine, unless told otherwise."""

DRAWN = Option("--seed", whole_number(0, 2**63 - 1), "N", "of orders and requests (default: drawn and recorded)")

DATABASE = Option(
    "--database",
    str,
    "KIND",
    "the database of all stacks, such as postgresql: each gets a server of its own, on its CPUs; or the URL of an empty one that "
    "runs on this machine: each gets a database of its own there (default: sqlite)",
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
            DATABASE,
            *FILE_OPTIONS,
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
            DRAWN,
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
    parts = "; ".join(f"{part.name}: {part.about}" for part in lab_parts.PARTS.values())
    return {
        "what blocks, and whom": (
            Option(
                "--part", list(lab_parts.PARTS), "", f"what is measured unless told otherwise (default: %(default)s). {parts}",
                lab_parts.HEADLINE.name,
            ),
            Option("--kinds", names, "K,L", "kinds of blocker, of the file lab.toml in the load test of the app"),
            Option("--stacks", names, "A,B", f"default: {','.join(lab_parts.USUAL_STACKS)}"),
            Option("--stacks-group", str, "GROUP", "all stacks of a group instead, such as ladder"),
            Option("--baseline", str, "A", "what the others are set against (default: wsgi-gthread, or the first)"),
            DATABASE,
            *FILE_OPTIONS,
        ),
        "how long, and how much": (
            Option("--rounds", whole_number(1, 1000), "N", "default: headline 8, smoke 1, else 2"),
            Option(
                "--seconds", whole_number(4, 3600), "N",
                "length of a window, shared by its three phases (default: headline 21, smoke 4, else 12 or 13)",
            ),
            DRAWN,
            Option("--seed-users", whole_number(20, 10_000_000), "N", "users in the database (default: 10000, smoke 100)"),
        ),
        "where, and under which conditions": CONDITIONS,
        "going on": (Option("--resume", Path, "DIR", "go on with a run that was interrupted; all else is taken from it"),),
    }  # fmt: skip
