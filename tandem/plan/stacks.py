"""Stacks: read from `stacks.toml` and from files of the same format; how many processes, threads and connections each may use."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from tandem.errors import TandemError
from tandem.paths import PROJECT
from tandem.plan import apps, needs, tables
from tandem.plan.apps import App, Apps, Pool
from tandem.plan.needs import Need
from tandem.records.setup import Budget

BUILT_IN = (Path(__file__).with_name("stacks.toml"), Path(__file__).with_name("servers.toml"))
DECOY = "decoy"
"""The name that the baseline has when it runs a second time in a round."""

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_PLACEHOLDERS = {"python", "scripts", "port", "socket", "workers", "threads"}


class Exemption(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a stack's server can't answer as the contract has it; the fields are explained at the top of `stacks.toml`."""

    case: str
    reason: str
    pattern: str
    requests: tuple[str, ...] = ("",)

    def mask(self, line: str, answer: bytes) -> bytes:
        """Return the answer to a request of this method and target without what can't be compared in it."""
        concerned = line.startswith(self.requests)
        return re.sub(self.pattern.encode(), b"*", answer) if concerned else answer


class Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One table of a stacks file; what each field means stands at the top of `stacks.toml`."""

    title: str
    note: str = ""
    like: str = ""
    app: str
    implements: str = ""
    servers: Literal["per-cpu", "shared"]
    servers_per_cpu: int = 1
    workers_per_cpu: int
    workers_plus: int = 0
    threads: int
    slots_per_worker: int | None = None
    ladder_places: int | None = None
    upstream_keepalive: int
    public_port: int
    command: list[str]
    environment: dict[str, str] = {}
    directory: str = str(PROJECT)
    pythonpath: list[str] = []
    protocol: Literal["http", "uwsgi", "fastcgi", "scgi"] = "http"
    listen: Literal["port", "unix"] = "port"
    parameters: dict[str, str] = {}
    routes: list[str] = []
    needs: list[Need] = []
    groups: dict[str, int] = {}
    exemptions: list[Exemption] = []


class Definition(Table, frozen=True, kw_only=True):
    """A stack as it can be started: its table, and the row of what it implements."""

    application: App

    @property
    def place(self) -> str:
        """Where a server listens: "port" or "socket"."""
        return "socket" if self.listen == "unix" else "port"

    def server_cpus(self, cpus: Sequence[int]) -> list[list[int]]:
        """Return the CPUs of each server that this stack starts on these CPUs."""
        if self.servers == "shared":
            return [list(cpus)]
        return [[cpu] for cpu in cpus for _ in range(self.servers_per_cpu)]

    def workers(self, cpus: int) -> int:
        """Return the worker processes of one server that has so many CPUs."""
        return self.workers_per_cpu * cpus + self.workers_plus

    def filled_command(self, cpus: int, place: int | str, python: str = sys.executable) -> list[str]:
        """Return the command of one server that has so many CPUs and listens at this place, a port or a socket."""
        values = {
            "python": python,
            "scripts": str(Path(python).parent),
            "port": str(place),
            "socket": str(place),
            "workers": str(self.workers(cpus)),
            "threads": str(self.threads),
        }
        return [tables.fill(part, values) for part in self.command]

    def budget(self, cpus: int) -> Budget:
        """Return what this stack may use on so many CPUs."""
        processes = sum(self.workers(len(each)) for each in self.server_cpus(range(cpus)))
        return Budget(
            cpus=cpus,
            processes=processes,
            threads=self.threads,
            slots=None if self.slots_per_worker is None else processes * self.slots_per_worker,
            database_connections=processes * self._connections(self.application.connections.database),
            news_connections=processes * self._connections(self.application.connections.news),
        )

    def _connections(self, pool: Pool | None) -> int:
        """Return how many connections of a kind one process may have."""
        return 0 if pool is None else int(self.environment[pool.variable]) + pool.plus

    def port_variable(self) -> str:
        """Return the environment variable that overrides its public port: TOY_PORT for the app `toy_app`."""
        return self.app.removesuffix("_app").upper().replace("-", "_") + "_PORT"

    def port(self, environment: Mapping[str, str] = os.environ) -> int:
        """Return its public port. Raises TandemError where the variable holds none."""
        given = environment.get(self.port_variable()) or str(self.public_port)
        port = tables.whole_number(given, 1, 65535)
        if port is None:
            raise TandemError(f"{self.port_variable()}={given[:40]} is not a port: give a number from 1 to 65535")
        return port


Stacks = dict[str, Definition]


def load(files: Sequence[Path] = (), apps_files: Sequence[Path] = ()) -> Stacks:
    """Return the built-in stacks and those of `files`, by name. Raises TandemError that names file, stack and field."""
    known = apps.load(apps_files)
    built_in = {name: table for file in BUILT_IN for name, table in tables.read(file, "stacks").items()}
    stacks: Stacks = {}
    for file in [*BUILT_IN, *files]:
        for name, definition in _read(file, known, built_in).items():
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


def _read(file: Path, known: Apps, built_in: Mapping[str, object]) -> Stacks:
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
    table = tables.convert(given, Table, where)
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
    for field, reason in _objections(definition):
        raise TandemError(f"{where}: `{field}` {reason}")
    return definition


def _objections(definition: Definition) -> list[tuple[str, str]]:
    """Return what is wrong with a definition beyond its types, as field and reason."""
    found = []
    limits = {
        "servers_per_cpu": 1,
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
    if definition.servers == "shared" and definition.servers_per_cpu != 1:
        found.append(("servers_per_cpu", "is for servers that have a CPU each"))
    unknown = tables.unknown_placeholders(definition.command, _PLACEHOLDERS)
    if unknown:
        found.append(
            ("command", f"has the unknown placeholder {{{unknown[0]}}}: known are {', '.join(sorted(_PLACEHOLDERS))}")
        )
    place = definition.place
    if not any(f"{{{place}}}" in part for part in definition.command):
        found.append(("command", f"must say {{{place}}} where the server's {place} belongs"))
    if definition.protocol == "http" and definition.parameters:
        found.append(
            ("parameters", "are for servers that are handed variables, not for those that are spoken to in HTTP")
        )
    found += [("exemptions", reason) for each in definition.exemptions if (reason := _unreadable(each.pattern))]
    for pool in definition.application.pools():
        value = definition.environment.get(pool.variable, "")
        if tables.whole_number(value, 1, 65535) is None:
            found.append(
                ("environment", f'must give {pool.variable} as a whole number from 1 to 65535, in quotes, such as "16"')
            )
    return found


def _with_routes(app: App, routes: Sequence[str]) -> App:
    """Return the app as far as a stack with these routes has it: all of it where none are named."""
    if not routes:
        return app
    warm_up = [path for path in app.warm_up if path.partition("?")[0] in routes]
    return msgspec.structs.replace(app, ready=app.alive, warm_up=warm_up or [app.alive])


def common_routes(stacks: Stacks) -> list[str]:
    """Return the routes that all of these have, where not all have all of their app; else none."""
    named = [stack.routes for stack in stacks.values() if stack.routes]
    return [route for route in named[0] if all(route in each for each in named)] if named else []


def _unreadable(pattern: str) -> str:
    """Return why this is no regular expression; empty where it is one."""
    try:
        re.compile(pattern.encode())
    except re.error as error:
        return f"has {pattern!r}, which is not a regular expression: {error}"
    return ""
