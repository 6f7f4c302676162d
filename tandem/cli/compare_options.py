"""Options of `compare`, by what they are about."""

from __future__ import annotations

from pathlib import Path

from tandem.cli.options import FILE_OPTIONS, Option
from tandem.cli.run_options import CONDITIONS, DATABASE, DRAWN
from tandem.cli.values import names, whole_number
from tandem.plan import loads, profiles, scenarios, stacks

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
"""Those of which one alone may be given."""


def compare() -> dict[str, tuple[Option, ...]]:
    """Return the others; their defaults are those of the standard profile."""
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
            DATABASE,
            *FILE_OPTIONS,
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
                f"stack (default: {loads.FEWEST_SLICES} or more, of {loads.SHORTEST:g} to {loads.LONGEST:g} s)",
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
            DRAWN,
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
