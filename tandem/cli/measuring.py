"""Measuring commands: what `tandem compare` and `tandem capacity` have in common, from a recorded command to the report."""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import shlex
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from tandem import formats
from tandem.cli import console
from tandem.cli.console import say
from tandem.cli.parser import parser
from tandem.cli.run_options import IDLE_SECONDS
from tandem.errors import RunFailed, Stopped, TandemError
from tandem.experiments import session
from tandem.experiments.progress import duration
from tandem.plan.stacks import Stacks
from tandem.records import capacity as records
from tandem.records import run_folder
from tandem.records.journal import RECORDS

HEEDED_OPTIONS = {
    "resume",
    "extend",
    "require_decided",
    "stop_when_hopeless",
    "quiet_wait",
    "allow_dirty",
    "command",
    "given",
}
"""Options that hold for a run that is resumed; all others are taken from it."""


def ignored(options: argparse.Namespace) -> list[str]:
    """Return the names of the options that were given and a resumed run would ignore."""
    usual = vars(parser().parse_args([options.command]))
    return [name for name, value in vars(options).items() if name not in HEEDED_OPTIONS and value != usual.get(name)]


def refuse_ignored(options: argparse.Namespace, what: str = "run") -> None:
    """Raise TandemError for the first of them."""
    for name in ignored(options):
        raise TandemError(
            f"--{name.replace('_', '-')} can't be changed when a {what} is resumed: leave it out, or start a new one"
        )


def recorded(command: Sequence[str], name: str = "compare", first: bool = False) -> argparse.Namespace:
    """Return the options of a command that the records hold, the one that began the run or one that resumed it.

    Raises TandemError where it is no such command, or this version doesn't know its options.
    """
    shown = formats.shortened(shlex.join(command))
    problem = f"the records name the command `{shown}`, which this version can't resume: start a new run"
    if command[1:2] != [name]:
        raise TandemError(problem)
    try:
        with contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(io.StringIO()):
            options = parser().parse_args(command[1:])
    except SystemExit:
        raise TandemError(problem) from None
    if first and (options.resume or getattr(options, "extend", None)):
        raise TandemError(problem)
    return options


def conditions(options: argparse.Namespace, allow_dirty: bool) -> session.Conditions:
    """Return under which conditions a command is to measure."""
    wait = options.quiet_wait
    if wait is None:
        wait = 0 if allow_dirty else IDLE_SECONDS
    return session.Conditions(
        arguments=options.given,
        idle_seconds=wait,
        allow_dirty=allow_dirty,
        stop=lambda line: (
            console.stop_instead(line, options.stop_when_hopeless) if "stop_when_hopeless" in options else False
        ),
    )


def measured(folder: Path, options: argparse.Namespace, measure: Callable[[], None]) -> int:
    """Measure into this folder and report; what was measured before something broke is reported, too."""
    began = time.monotonic()
    try:
        measure()
    except RunFailed:
        _report_what_is_there(folder)
        raise
    except Stopped:
        if run_folder.kept(folder):
            again = f"tandem {options.command} --resume {folder}"
            say(f"what was measured is kept: tandem report {folder}, or resume with {again}")
        raise
    say(f"measured in {duration(time.monotonic() - began)}")
    return show(folder, "require_decided" in options and options.require_decided)


def refuse_unused_environment(stacks: Stacks) -> None:
    """Raise TandemError for a setting in the environment that somebody would miss: stacks get their own."""
    for name in dict.fromkeys(name for stack in stacks.values() for name in stack.application.services()):
        if name in os.environ:
            raise TandemError(
                f"{name} is set, and tandem doesn't use it: it makes databases and a news service of its own. "
                f"Unset it (env -u {name} tandem …), or start the app itself to serve another database"
            )


def _report_what_is_there(folder: Path) -> None:
    """Render the report of a run that broke off, if it got as far as its records; its own failure must not hide the first."""
    if run_folder.kept(folder):
        try:
            show(folder, False)
        except (TandemError, OSError, ValueError) as error:
            print(f"tandem: no report of what was measured: {error}", file=sys.stderr)


def show(folder: Path, require_decided: bool) -> int:
    """Render the report and say where it is."""
    from tandem import report  # altair takes most of a second to import, and no other command needs it
    from tandem.report import answers, capacity, sentences

    if (folder / records.CAPACITY_FILE).exists() and not (folder / RECORDS).exists():
        say("\n".join(capacity.texts(report.write_capacity(folder))))
        say(f"report: {folder / 'report.html'}")
        return 0
    summary = report.write(folder)
    for answer in answers.answers(summary):
        say("\n" + "\n  ".join([answer.question, *(f"{line}." for line in answer.lines)]))
    if (folder / records.CAPACITY_FILE).exists():
        say("\nHow much at a service level?\n  " + "\n  ".join(capacity.texts(report.capacities(folder))))
    say("\n" + "\n".join(sentences.texts(sentences.verdict(summary))))
    say(sentences.badge(summary))
    say(f"report: {folder / 'report.html'}")
    return 3 if require_decided and not summary.decided else 0
