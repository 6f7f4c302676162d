"""Resuming: a run that broke off, or whose planned extension is wanted, goes on under the conditions that it began with."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tandem.errors import TandemError
from tandem.judge.rounds import Rounds
from tandem.plan.run import Plan
from tandem.records import journal
from tandem.records.setup import Provenance, Run

SAME_PROVENANCE = (
    "commit",
    "python",
    "kernel",
    "cpu_model",
    "stack_cpus",
    "generator_cpus",
    "nginx",
    "database_title",
    "sqlite",
    "packages",
)
"""What may not have changed since the run began: its blocks would not be comparable."""

PLANNED = ("baseline", "stacks", "loads", "headlines", "seeded_users", "seed", "rounds", "extension", "spares")
"""What the run's own arguments must still mean."""


def read(folder: Path) -> Rounds:
    """Return a run and its rounds so far. Raises RecordsError where this version can't read it."""
    path = folder / journal.RECORDS
    with journal.readable(path):
        return Rounds(journal.read(path))


def refuse_other_plan(past: Run, plan: Plan) -> None:
    """Raise TandemError where the run's own arguments give another plan today, or what the app's row names has changed."""
    now = plan.run(past.provenance, past.probes)
    for field in PLANNED:
        if getattr(now, field) != getattr(past, field):
            raise TandemError(f"the {field} of this run would differ today, so it can't be resumed: start a new run")
    if past.app and (changed := sorted({name for name, _ in past.app.items() ^ now.app.items()})):
        raise TandemError(
            f"the app's row has changed since the run began ({', '.join(changed)}), so it can't be resumed: "
            "go back to what it was, or start a new run"
        )


def refuse_other_conditions(past: Run, today: Provenance) -> None:
    """Raise TandemError where code, versions or machine are others than when the run began."""
    for field in SAME_PROVENANCE:
        before, now = getattr(past.provenance, field), getattr(today, field)
        if before != now:
            raise TandemError(
                f"the run began with {_shown(field, before, now)}, so it can't be resumed: go back to that, or start a new run"
            )


def dirty(provenances: Iterable[Provenance]) -> list[str]:
    """Return why it can't be known that the code is the same, where a working tree had changes."""
    changed = any(each.dirty for each in provenances)
    return ["resumed with uncommitted changes: nothing proves that the code is the same"] if changed else []


def total(past: Rounds, extend: bool) -> int:
    """Return how many rounds the run is to have. Raises TandemError where nothing is missing, or no extension was planned."""
    if extend:
        return _extended(past)
    if not past.missing:
        further = ", --extend measures its extension" if _unused_extension(past) else ""
        raise TandemError(f"nothing is missing in this run: `tandem report` renders it{further}")
    return past.planned


def _extended(past: Rounds) -> int:
    if not past.run.extension:
        raise TandemError(
            "this run planned no extension, and rounds that are added after looking at the numbers prove nothing: "
            "start a new run (with --plan-extension N to keep the choice)"
        )
    if not _unused_extension(past):
        raise TandemError("the planned extension of this run has begun: finish it with --resume, or start a new run")
    return past.run.rounds + past.run.extension


def _unused_extension(past: Rounds) -> bool:
    return past.run.extension > 0 and past.planned == past.run.rounds


def _shown(field: str, before: object, now: object) -> str:
    if isinstance(before, dict) and isinstance(now, dict):
        name = next(key for key in sorted({*before, *now}) if before.get(key) != now.get(key))
        return f"{name} {before.get(name)}, now it is {now.get(name)}"
    return f"{field} {before}, now it is {now}"
