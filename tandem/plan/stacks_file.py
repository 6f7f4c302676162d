"""A stacks file: its tables, each made whole from the one that it is like, as definitions."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from tandem.errors import TandemError
from tandem.paths import PROJECT
from tandem.plan import tables
from tandem.plan.apps import App, Apps
from tandem.plan.definition import DECOY, Definition, StackTable
from tandem.plan.objections import objections

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


def read(file: Path, known: Apps, built_in: Mapping[str, object]) -> dict[str, Definition]:
    """Return the stacks of one file, which may be like those of it or of `built_in`. Raises TandemError."""
    given = tables.read(file, "stacks")
    others = {**built_in, **given}
    return {
        name: _definition(file, name, _whole(table, others, f"{file}: stack {name!r}"), known)
        for name, table in given.items()
    }


def _whole(given: object, others: Mapping[str, object], where: str) -> object:
    """Return a table with what it leaves out of the stack that it is like, but for its groups. Raises TandemError."""
    like = given.get("like") if isinstance(given, dict) else None
    if not isinstance(given, dict) or like is None:
        return given
    other = others.get(like) if isinstance(like, str) else None
    if not isinstance(other, dict) or "like" in other:
        raise TandemError(
            f"{where}: `like` must name a built-in stack, or one of the same file, that is like no other itself"
        )
    environment = [each.get("environment", {}) for each in (other, given)]
    if not all(isinstance(each, dict) for each in environment):
        return given  # what is wrong with it is said of its type
    rest = {name: value for name, value in other.items() if name != "groups"}
    return {**rest, **given, "environment": {**environment[0], **environment[1]}}


def _definition(file: Path, name: str, given: object, known: Apps) -> Definition:
    """Return one table as a definition, its paths made absolute."""
    where = f"{file}: stack {name!r}"
    if not _NAME.fullmatch(name) or name == DECOY:
        raise TandemError(
            f"{where}: a name has lower-case letters, digits and hyphens, at most 40, and is not {DECOY!r}"
        )
    table = tables.convert(given, StackTable, where)
    implements = table.implements or table.app
    if implements not in known:
        raise TandemError(
            f"{where}: no row of an apps file is called {implements!r}: known are {', '.join(known)}; say which of them it "
            "`implements`, or add your own app with --apps-file FILE"
        )
    definition = Definition(
        **{
            **msgspec.structs.asdict(table),
            "application": _with_routes(known[implements], table.routes),
            "directory": str((file.parent / table.directory).resolve()),
            "parameters": {
                name: tables.fill(text, {"project": str(PROJECT)}) for name, text in table.parameters.items()
            },
            "pythonpath": [str((file.parent / each).resolve()) for each in table.pythonpath],
        }
    )
    for field, reason in objections(definition):
        raise TandemError(f"{where}: `{field}` {reason}")
    return definition


def _with_routes(app: App, routes: Sequence[str]) -> App:
    """Return the app as far as a stack with these routes has it: all of it where none are named."""
    if not routes:
        return app
    warm_up = [path for path in app.warm_up if path.partition("?")[0] in routes]
    return msgspec.structs.replace(app, ready=app.alive, warm_up=warm_up or [app.alive])
