"""Definition of a stack: its app, its server's command, and how many processes, threads and connections it may use."""

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
from tandem.plan import tables
from tandem.plan.apps import App, Pool
from tandem.plan.needs import Need
from tandem.records.setup import Budget

DECOY = "decoy"
"""The name that the baseline has when it runs a second time in a round; no other stack may have it."""


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


class StackTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
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
    process_per_request: bool = False
    ladder_places: int | None = None
    upstream_keepalive: int
    public_port: int
    command: list[str]
    environment: dict[str, str] = {}
    directory: str = str(PROJECT)
    pythonpath: list[str] = []
    protocol: Literal["http", "uwsgi", "fastcgi", "scgi"] = "http"
    stats: str = ""
    signs: dict[str, str] = {}
    listen: Literal["port", "unix"] = "port"
    parameters: dict[str, str] = {}
    routes: list[str] = []
    scenarios: list[str] = []
    needs: list[Need] = []
    groups: dict[str, int] = {}
    exemptions: list[Exemption] = []


class Definition(StackTable, frozen=True, kw_only=True):
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

    def readers(self) -> int | None:
        """Return how many connections to read over one process has; None where its app keeps none."""
        pool = self.application.connections.database
        return int(self.environment[pool.variable]) if pool else None

    def pool_threads(self) -> int | None:
        """Return how many threads a loop's process has for calls that block; None where its app's row doesn't say."""
        pool = self.application.threads
        return int(self.environment.get(pool.variable, pool.usual)) if pool else None

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
