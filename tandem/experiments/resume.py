"""Resuming: a run that broke off, or that is to be extended, is taken up again under the conditions that it began with."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import msgspec

from tandem.errors import TandemError
from tandem.judge import attempts
from tandem.judge.rounds import Rounds
from tandem.plan.comparison import Plan
from tandem.records import journal
from tandem.records.journal import Record
from tandem.records.setup import Provenance

FIXED = ("commit", "python", "kernel", "cpu_model", "stack_cpus", "generator_cpus", "nginx", "sqlite", "packages")
"""What may not have changed since the run began: its blocks would not be comparable."""


def read(path: Path) -> list[Record]:
    """Return the records of a run. Raises TandemError where there are none that this version can go on with."""
    try:
        found = list(journal.read(path))
        Rounds(found)
    except OSError as error:
        raise TandemError(f"{path} can't be read ({error.strerror}): give the folder of a run") from error
    except (ValueError, msgspec.DecodeError) as error:
        raise TandemError(f"{path}: {error}; a run can only be gone on with by the version that began it") from error
    return found


def refuse_other_plan(past: Rounds, plan: Plan) -> None:
    """Raise TandemError where the run's own arguments give another plan today."""
    now = plan.run(past.run.provenance, past.run.probes)
    for field in ("baseline", "stacks", "loads", "headlines", "seeded_users", "seed", "rounds", "extension"):
        if getattr(now, field) != getattr(past.run, field):
            raise TandemError(
                f"the {field} of this run would be others today, so it can't be gone on with: start a new one"
            )


def refuse_other_conditions(past: Rounds, today: Provenance) -> None:
    """Raise TandemError where code, versions or machine are others than when the run began."""
    for field in FIXED:
        before, now = getattr(past.run.provenance, field), getattr(today, field)
        if before != now:
            raise TandemError(
                f"the run was begun with {_shown(field, before, now)}: go back to that, or start a new run"
            )


def dirty(provenances: Iterable[Provenance]) -> list[str]:
    """Return why it can't be known that the code is the same, where a working tree had changes."""
    changed = any(each.dirty for each in provenances)
    return ["taken up again with uncommitted changes: nothing proves that the code is the same"] if changed else []


def total(past: Rounds, extend: bool, rounds: int | None) -> int:
    """Return how many rounds the run is to have.

    Raises TandemError where nothing is missing, or where it isn't said how many are to be added.
    """
    if not extend:
        if all(attempts.settled(past, number) for number in range(1, past.planned + 1)):
            raise TandemError("nothing is missing in this run: `tandem report` renders it, --extend adds rounds")
        return past.planned
    if past.run.extension and past.planned == past.run.rounds and rounds in (None, past.run.extension):
        return past.planned + past.run.extension
    if rounds is None:
        raise TandemError(
            "this run has no extension left that was planned: give --rounds N to add rounds all the same; "
            "the run will then be exploratory, without words"
        )
    return past.planned + rounds


def _shown(field: str, before: object, now: object) -> str:
    if isinstance(before, dict) and isinstance(now, dict):
        name = next(key for key in sorted({*before, *now}) if before.get(key) != now.get(key))
        return f"{name} {before.get(name)}, now it is {now.get(name)}"
    return f"{field} {before}, now it is {now}"
