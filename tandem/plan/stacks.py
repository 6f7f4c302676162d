"""Stacks: all that are known, read from `stacks.toml`, `servers.toml` and files of the same format, by name and by group."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from tandem.errors import TandemError
from tandem.plan import apps, needs, stacks_file, tables
from tandem.plan.definition import Definition

STACKS_FILES = (Path(__file__).with_name("stacks.toml"), Path(__file__).with_name("servers.toml"))

Stacks = dict[str, Definition]


def load(files: Sequence[Path] = (), apps_files: Sequence[Path] = ()) -> Stacks:
    """Return the built-in stacks and those of `files`, by name. Raises TandemError that names file, stack and field."""
    known = apps.load(apps_files)
    built_in = {name: table for file in STACKS_FILES for name, table in tables.read(file, "stacks").items()}
    stacks: Stacks = {}
    for file in [*STACKS_FILES, *files]:
        for name, definition in stacks_file.read(file, known, built_in).items():
            if name in stacks:
                raise TandemError(f"{file}: the stack {name!r} exists already: give it another name")
            stacks[name] = definition
    return stacks


def on_database(stacks: Stacks, kind: str | None) -> Stacks:
    """Return stacks whose apps are on a database of this kind. Raises TandemError where an app has none such."""
    return {
        name: msgspec.structs.replace(stack, application=stack.application.on(kind)) for name, stack in stacks.items()
    }


def choose(stacks: Stacks, names: Sequence[str]) -> Stacks:
    """Return the stacks of these names, in their order.

    Raises TandemError for one that isn't known or is named twice.
    """
    for name in names:
        if name not in stacks:
            raise TandemError(
                f"unknown stack {name!r}: known are {', '.join(stacks)}; --stacks-file FILE adds your own"
            )
        if names.count(name) > 1:
            raise TandemError(f"the stack {name!r} is named twice")
    return {name: stacks[name] for name in names}


def groups(stacks: Stacks) -> list[str]:
    """Return the names of all groups."""
    return sorted({each for stack in stacks.values() for each in stack.groups})


def grouped(stacks: Stacks, group: str) -> list[str]:
    """Return the names of the stacks of a group, in its order. Raises TandemError where there is none."""
    found = {name: stack.groups[group] for name, stack in stacks.items() if group in stack.groups}
    if not found:
        known = groups(stacks)
        raise TandemError(f"unknown group of stacks {group!r}: known are {', '.join(known)}")
    return sorted(found, key=lambda name: found[name])


def refuse_missing(stacks: Stacks) -> None:
    """Raise TandemError for the first stack whose server is not on this machine, with what brings it."""
    for name, stack in stacks.items():
        if lacking := needs.lacking(stack.needs):
            raise TandemError(f"the stack {name} can't be started: {lacking}")


def common_routes(stacks: Stacks) -> list[str]:
    """Return the routes that all of these have, where not all have all of their app; else none."""
    named = [stack.routes for stack in stacks.values() if stack.routes]
    return [route for route in named[0] if all(route in each for each in named)] if named else []
