"""Stacks: read from `stacks.toml` and from files of the same format; how many processes, threads and connections each may use."""

from __future__ import annotations

import os
import re
import sys
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from tandem.errors import TandemError
from tandem.paths import PROJECT
from tandem.records.setup import Budget

BUILT_IN = Path(__file__).with_name("stacks.toml")
DECOY = "decoy"
"""The name that the baseline has when it runs a second time in a round."""

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_PLACEHOLDER = re.compile(r"\{([a-z]+)\}")
_PLACEHOLDERS = {"python", "port", "workers", "threads"}
_POOLS = ("READ_CONNECTIONS", "NEWS_CONNECTIONS")


class Definition(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One table of a stacks file; what each field means stands at the top of `stacks.toml`."""

    title: str
    app: str
    servers: Literal["per-cpu", "shared"]
    workers_per_cpu: int
    workers_plus: int = 0
    threads: int
    slots_per_worker: int | None = None
    upstream_keepalive: int
    public_port: int
    command: list[str]
    environment: dict[str, str]
    directory: str = str(PROJECT)
    pythonpath: list[str] = []

    def server_cpus(self, cpus: Sequence[int]) -> list[list[int]]:
        """Return the CPUs of each server that this stack starts on these CPUs."""
        return [[cpu] for cpu in cpus] if self.servers == "per-cpu" else [list(cpus)]

    def workers(self, cpus: int) -> int:
        """Return the worker processes of one server that has so many CPUs."""
        return self.workers_per_cpu * cpus + self.workers_plus

    def filled_command(self, cpus: int, port: int | str, python: str = sys.executable) -> list[str]:
        """Return the command of one server that has so many CPUs."""
        values = {
            "python": python,
            "port": str(port),
            "workers": str(self.workers(cpus)),
            "threads": str(self.threads),
        }
        return [_PLACEHOLDER.sub(lambda match: values[match[1]], part) for part in self.command]

    def budget(self, cpus: int) -> Budget:
        """Return what this stack may use on so many CPUs."""
        processes = sum(self.workers(len(each)) for each in self.server_cpus(range(cpus)))
        reading, news = (int(self.environment[name]) for name in _POOLS)
        return Budget(
            cpus=cpus,
            processes=processes,
            threads=self.threads,
            slots=None if self.slots_per_worker is None else processes * self.slots_per_worker,
            database_connections=processes * (reading + 1),  # writing has one connection of its own
            news_connections=processes * news,
        )

    def port_variable(self) -> str:
        """Return the environment variable that overrides its public port: WSGI_PORT for the app `wsgi_app`."""
        return self.app.removesuffix("_app").upper().replace("-", "_") + "_PORT"

    def port(self, environment: Mapping[str, str] = os.environ) -> int:
        """Return its public port. Raises TandemError where the variable holds none."""
        given = environment.get(self.port_variable()) or str(self.public_port)
        if not (given.isascii() and given.isdigit() and 1 <= int(given) <= 65535):
            raise TandemError(f"{self.port_variable()}={given} is not a port: give a number from 1 to 65535")
        return int(given)


Stacks = dict[str, Definition]


def load(files: Sequence[Path] = ()) -> Stacks:
    """Return the built-in stacks and those of `files`, by name. Raises TandemError that names file, stack and field."""
    stacks: Stacks = {}
    for file in [BUILT_IN, *files]:
        for name, definition in _read(file).items():
            if name in stacks:
                raise TandemError(f"{file}: the stack {name!r} exists already: give it another name")
            stacks[name] = definition
    return stacks


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


def _read(file: Path) -> Stacks:
    try:
        tables = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise TandemError(f"the stacks file {file} can't be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise TandemError(f"the stacks file {file} is not TOML: {error}") from error
    return {name: _definition(file, name, table) for name, table in tables.items()}


def _definition(file: Path, name: str, table: object) -> Definition:
    """Return one table as a definition, its paths made absolute."""
    where = f"{file}: stack {name!r}"
    if not _NAME.fullmatch(name) or name == DECOY:
        raise TandemError(
            f"{where}: a name has lower-case letters, digits and hyphens, at most 40, and is not {DECOY!r}"
        )
    try:
        definition = msgspec.convert(table, Definition)
    except msgspec.ValidationError as error:
        raise TandemError(f"{where}: {str(error).replace('`$.', '`')}") from error
    for field, reason in _objections(definition):
        raise TandemError(f"{where}: `{field}` {reason}")
    resolve = [str((file.parent / each).resolve()) for each in definition.pythonpath]
    return msgspec.structs.replace(
        definition, directory=str((file.parent / definition.directory).resolve()), pythonpath=resolve
    )


def _objections(definition: Definition) -> list[tuple[str, str]]:
    """Return what is wrong with a definition beyond its types, as field and reason."""
    found = []
    limits = {
        "workers_per_cpu": 0,
        "workers_plus": 0,
        "threads": 1,
        "upstream_keepalive": 0,
        "public_port": 1,
        "slots_per_worker": 1,
    }
    for field, least in limits.items():
        value = getattr(definition, field)
        if value is not None and not least <= value <= 65535:
            found.append((field, f"must be from {least} to 65535"))
    if definition.workers(1) < 1:
        found.append(("workers_per_cpu", "and `workers_plus` must give at least one worker"))
    unknown = sorted(set(_PLACEHOLDER.findall(" ".join(definition.command))) - _PLACEHOLDERS)
    if unknown:
        found.append(
            ("command", f"has the unknown placeholder {{{unknown[0]}}}: known are {', '.join(sorted(_PLACEHOLDERS))}")
        )
    if not any("{port}" in part for part in definition.command):
        found.append(("command", "must say {port} where the server's port belongs"))
    for pool in _POOLS:
        value = definition.environment.get(pool, "")
        if not (value.isascii() and value.isdigit() and int(value) >= 1):
            found.append(("environment", f'must give {pool} as a whole number from 1, in quotes, such as "16"'))
    return found
