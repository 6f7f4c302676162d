"""A running stack: its servers, each on its CPUs, behind an nginx of their own."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tandem.launch import nginx, process, readiness, sockets
from tandem.launch.postgresql import Served
from tandem.launch.process import Child, Children
from tandem.launch.sockets import Endpoint
from tandem.launch.tls import Certificate
from tandem.plan import needs, tables
from tandem.plan.apps import App
from tandem.plan.definition import Definition


def own(folder: Path, name: str) -> Path:
    """Return the folder of one stack's own among those of all."""
    return folder / f"own-{name}"


@dataclass(frozen=True, kw_only=True)
class StackEnvironment:
    """Where and with what a stack runs."""

    folder: Path  # empty or missing: nginx's configuration goes below it
    logs: Path
    cpus: Sequence[int]
    database_url: str
    news_url: str
    nginx: Path
    port: int  # nginx listens here
    timing: bool = False  # nginx writes how long each request took
    started: bool = False  # servers are told when nginx took each request
    limits: bool = False  # whoever asks too often for what costs much is refused
    told: bool = False  # answers tell which stack gave them, in the header X-Stack; not where stacks are to be alike
    shared: Path | None = None  # for all stacks that are served together; None: `folder`
    database: Served | None = None  # the server of its database, where that has one of its own
    tls: Certificate | None = None  # nginx speaks HTTPS with it
    more: Mapping[str, str] = field(default_factory=dict)  # environment variables of the servers beside all others

    def own(self, name: str) -> Path:
        """Return the folder of one stack's own, which is empty when it starts."""
        return own(self.folder, name)

    def variables(self, name: str, app: App) -> dict[str, str]:
        """Return the environment variables that a stack's servers get beside its own settings."""
        values = {
            "database": self.database_url,
            "news": self.news_url,
            "own": str(self.own(name).absolute()),
            "shared": str((self.shared or self.folder).absolute()),
        }
        given = app.environment if self.limits else {**app.environment, **app.unlimited}
        return {each: tables.fill(text, values) for each, text in {**given, **self.more}.items()}


@dataclass(frozen=True, kw_only=True)
class RunningStack:
    """A stack that answers."""

    name: str
    application: App
    port: int
    server_ports: list[int]  # where each server answers by itself, without nginx
    scheme: str
    servers: list[Child]
    stats: list[Path]  # where each tells of its workers (observe/uwsgi.py)
    nginx: Child
    processes: int
    start_seconds: float
    database: Served | None = None
    children: Children = field(repr=False)

    @property
    def url(self) -> str:
        """Where nginx answers."""
        return f"{self.scheme}://127.0.0.1:{self.port}"

    def check(self) -> None:
        """Raise RunFailed, with last log lines, if any of its processes has ended."""
        if self.database:
            self.database.check()
        self.children.check()

    def keepers(self) -> list[int]:
        """Return the process ids of the keepers: all that descends from one is the app's, the keeper itself is not."""
        return [server.pid for server in self.servers]


@contextmanager
def running(name: str, stack: Definition, environment: StackEnvironment) -> Iterator[RunningStack]:
    """Start a stack, wait until it answers, and stop it at the end.

    Raises TandemError with its last log lines where it doesn't.
    """
    began = time.monotonic()
    shutil.rmtree(environment.own(name), ignore_errors=True)  # what processes that are gone have left
    environment.own(name).mkdir(parents=True)
    application = stack.application
    places: list[Endpoint] = []
    with Children() as children:
        servers = []
        for number, cpus in enumerate(stack.server_cpus(environment.cpus), 1):
            places.append(sockets.place(stack, environment.own(name), number))
            servers.append(children.add(_server(name, number, stack, cpus, places[-1], environment)))
        front = children.add(_nginx(name, stack, places, environment))
        for place in places:
            if stack.listen == "port" and stack.protocol == "http":
                readiness.wait(children, name, place.port, application.alive)
            elif place.path:
                readiness.listening(children, name, place.listens)
        tls = environment.tls
        readiness.wait(children, name, environment.port, application.ready, tls.context() if tls else None)
        took = time.monotonic() - began
        processes = stack.budget(len(environment.cpus)).processes
        yield RunningStack(
            name=name,
            application=application,
            port=environment.port,
            server_ports=[place.port for place in places if place.port],
            scheme="https" if tls else "http",
            servers=servers,
            stats=[Path(tables.fill(stack.stats, {"socket": str(place.path)})) for place in places if stack.stats],
            nginx=front,
            processes=processes,
            start_seconds=took,
            database=environment.database,
            children=children,
        )


def _server(
    name: str, number: int, stack: Definition, cpus: list[int], place: Endpoint, environment: StackEnvironment
) -> Child:
    path = {"PYTHONPATH": os.pathsep.join(stack.pythonpath)} if stack.pythonpath else {}
    own = {variable: tables.fill(value, {"python": sys.executable}) for variable, value in stack.environment.items()}
    given = {**own, **path, **environment.variables(name, stack.application)}
    return Child(
        f"{name} server {number}",
        stack.filled_command(len(cpus), place.filled),
        log=environment.logs / f"{name}-{number}.log",
        cpus=cpus,
        env=process.environment({"PATH": needs.search_path(), **given}),
        cwd=Path(stack.directory),
        kept=True,
        signs=stack.signs,
    )


def _nginx(name: str, stack: Definition, places: Sequence[Endpoint], environment: StackEnvironment) -> Child:
    folder = environment.folder / f"nginx-{name}"
    nginx.configure(
        folder,
        stack.application,
        public_port=environment.port,
        servers=[place.address for place in places],
        protocol=stack.protocol,
        parameters=stack.parameters,
        keepalive=stack.upstream_keepalive * len(environment.cpus),
        timing=environment.timing,
        started=environment.started,
        limits=environment.limits,
        told=name if environment.told else "",
        tls=environment.tls,
        tls_version=nginx.version(environment.nginx) if environment.tls else "",
    )
    nginx.check(environment.nginx, folder)
    return nginx.start(
        environment.nginx,
        folder,
        name=f"{name} nginx",
        log=environment.logs / f"{name}-nginx.log",
        cpus=environment.cpus,
    )
