"""`tandem serve`: stacks in the foreground with a readable log, until Ctrl-C or until one of their processes ends."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from tandem.errors import TandemError
from tandem.formats import listed, printable
from tandem.launch import database, news, nginx, ports, postgresql, running_stack, tls
from tandem.launch.postgresql import Served
from tandem.launch.process import Child
from tandem.launch.running_stack import RunningStack, StackEnvironment
from tandem.paths import PROJECT
from tandem.plan.apps import App
from tandem.plan.definition import Definition
from tandem.plan.stacks import Stacks

VAR = PROJECT / "var"

SETTLED = 0.5
"""Seconds after which servers that answer have logged what they log at their start."""

Say = Callable[[str], None]
"""What a line for the person at the terminal is given to."""


@dataclass(frozen=True, kw_only=True)
class ServeOptions:
    """How to serve."""

    shared: bool  # one database for all
    users: int
    news_delay: float
    port: int | None  # instead of the stack's own, where only one is served
    cpus: int
    limits: bool  # whoever asks too often for what costs much is refused
    lab: bool = False  # with what blocks on purpose
    tls: bool = False  # HTTPS, with a certificate made here
    more: Mapping[str, str] = field(default_factory=dict)  # environment variables of the servers beside all others


LARGEST_LOG = 8_000_000
"""Bytes of a log file from which on it begins anew: strangers decide how much is written to it."""

BURST, LONGEST_LINE = 100, 1_000
"""Lines of a process that are printed at once, of so many characters; then one at every look, and the others are counted."""


class LogPrinter:
    """Prints what is added to log files, each line with the name of its process; a terminal obeys nothing in it."""

    def __init__(self, say: Say) -> None:
        self.say = say
        self.read: dict[Path, int] = {}
        self.left: dict[Path, int] = {}  # how many lines may be printed now
        self.children: list[Child] = []

    def follow(self, child: Child) -> None:
        """Print this child's lines from its first on."""
        self.children.append(child)

    def show(self) -> None:
        """Print the whole lines that were added since, or how many there were."""
        width = max((len(child.name) for child in self.children), default=0)
        for child in self.children:
            lines, left = self._added(child.log), self.left.get(child.log, BURST)
            for line in lines[:left]:
                self.say(f"{child.name:<{width}} | {printable(line[:LONGEST_LINE])}")
            if lines[left:]:
                self.say(f"{child.name:<{width}} | {len(lines[left:])} lines more, in {child.log}")
            self.left[child.log] = min(max(left - len(lines), 0) + 1, BURST)

    def _added(self, log: Path) -> list[str]:
        """The whole lines that were added to a file; one that has become too large is emptied."""
        with log.open("rb+") as file:
            file.seek(self.read.get(log, 0))
            whole = file.read().rpartition(b"\n")[0]
            self.read[log] = self.read.get(log, 0) + (len(whole) + 1 if whole else 0)
            if file.tell() > LARGEST_LOG:
                file.truncate(0)  # its process appends to it
                self.read[log] = 0
        return whole.decode(errors="replace").splitlines() if whole else []


def public_ports(stacks: Stacks, wished: int | None) -> dict[str, int]:
    """Return the port of each stack. Raises TandemError where two want the same one or one is in use."""
    if wished is not None and len(stacks) > 1:
        variables = dict.fromkeys(stack.port_variable() for stack in stacks.values())
        raise TandemError(f"--port is for one stack: name one, or set {listed([*variables])}")
    found: dict[str, int] = {}
    for name, stack in stacks.items():
        port = wished or stack.port()
        for other, taken in found.items():
            if taken == port:
                raise TandemError(
                    f"{other} and {name} both want port {port}: serve them one by one, or one of them with --port"
                )
        ports.refuse_used(port, f"--port or {stack.port_variable()}=NUMBER")
        found[name] = port
    return found


def _database(name: str, app: App, options: ServeOptions, logs: Path, say: Say) -> Path:
    """Return the database of a stack, made from the seed the first time and kept until `make clean`.

    A kept one is brought to the newest schema; a seed that other code made is forgotten.
    """
    maker = database.maker(app)
    snapshot = VAR / f"seed-{options.users}-{maker}.db"
    file = VAR / ("shared.db" if options.shared else f"{name}.db")
    if app.database is None:
        return file
    kept = file.exists()
    say(
        f"{name} uses {os.path.relpath(file)}"
        + (" as it was left; `make clean` removes it" if kept else f", {options.users} new users")
    )
    if kept:
        database.migrate(app, file, logs / "database.log")
        return file
    for other in set(VAR.glob("seed-*.db")) - set(VAR.glob(f"seed-*-{maker}.db")):
        other.unlink()
    database.seed(app, snapshot, options.users, logs / "database.log")
    database.restore(app, snapshot, file, logs / "database.log")
    return file


def _servers(
    exits: ExitStack, stacks: Stacks, options: ServeOptions, folder: Path, cpus: Sequence[int], say: Say
) -> dict[str, Served]:
    """Serve the database of each stack, or one for all, where it has a server; empty where it is a file.

    Raises TandemError where stacks of several apps would share what one of them filled.
    """
    apps = {stack.implements or stack.app: stack.application for stack in stacks.values()}
    first = next(iter(apps.values()))
    if first.database is None or not first.database.server:
        return {}
    if first.database.existing:
        raise TandemError("`tandem serve` fills servers of its own: give --database postgresql")
    if len(apps) > 1:
        raise TandemError(f"stacks of {listed([*apps])} can't have one kind of database server: serve them one by one")
    say(
        f"{first.database.title} servers of this command's own, {options.users} new users; their data goes when it ends"
    )
    cluster = exits.enter_context(postgresql.cluster(folder, folder))
    cluster.make(lambda url: database.fill(first, url, options.users, folder / "database.log"), cpus)
    connections = {name: stack.budget(len(cpus)).database_connections for name, stack in stacks.items()}
    if options.shared:
        return dict.fromkeys(stacks, exits.enter_context(cluster.serving("shared", cpus, sum(connections.values()))))
    return {name: exits.enter_context(cluster.serving(name, cpus, connections[name])) for name in stacks}


def describe(stack: RunningStack, definition: Definition, nginx_version: str, cpus: int) -> str:
    """Return the line that says that a stack is ready."""
    budget = definition.budget(cpus)
    parts = [f"nginx {nginx_version}", f"{cpus} CPU{'s' * (cpus > 1)}"]
    parts.append(f"{budget.processes} process{'es' * (budget.processes > 1)}")
    parts += [f"{budget.threads} threads"] * (budget.threads > 1)
    return f"{stack.name} ready at {stack.url} ({', '.join(parts)})"


def serve(stacks: Stacks, options: ServeOptions, say: Say) -> None:
    """Serve until a signal comes. Raises RunFailed with last log lines where a process ends by itself."""
    binary = nginx.find()
    nginx_version = nginx.version(binary)
    chosen_ports = public_ports(stacks, options.port)
    allowed = sorted(os.sched_getaffinity(0))
    if options.cpus > len(allowed):
        raise TandemError(
            f"{options.cpus} CPUs are more than the {len(allowed)} of this machine: give --cpus {len(allowed)}"
        )
    VAR.mkdir(exist_ok=True)
    certificate = tls.kept(VAR / "tls") if options.tls else None
    with ExitStack() as exits:
        folder = Path(exits.enter_context(tempfile.TemporaryDirectory(prefix="tandem-", ignore_cleanup_errors=True)))
        tail, news_port = LogPrinter(say), ports.free_port()
        if any(stack.application.calls_news() for stack in stacks.values()):
            stub = news.stub(port=news_port, delay=options.news_delay, logs=folder, cpus=allowed[-1:])
            tail.follow(exits.enter_context(stub))
        servers = _servers(exits, stacks, options, folder, allowed[: options.cpus], say)
        started = []
        for name, stack in stacks.items():
            app = stack.application
            environment = StackEnvironment(
                folder=folder,
                logs=folder,
                cpus=allowed[: options.cpus],  # the same for all: whoever loads one and then the other finds them equal
                database_url=servers[name].url
                if servers
                else database.url(app, _database(name, app, options, folder, say)),
                database=servers.get(name),
                news_url=f"http://127.0.0.1:{news_port}/news",
                nginx=binary,
                port=chosen_ports[name],
                limits=options.limits,
                told=True,
                tls=certificate,
                shared=VAR,
                more={**(app.lab if options.lab else {}), **options.more},
            )
            running = exits.enter_context(running_stack.running(name, stack, environment))
            started.append(running)
            for child in (*running.servers, running.nginx):
                tail.follow(child)
        if certificate:
            say(f"TLS: clients must trust {os.path.relpath(certificate.authority)}, as curl does with --cacert")
        _foreground(tail, started, [describe(each, stacks[each.name], nginx_version, options.cpus) for each in started])


def _foreground(tail: LogPrinter, started: Sequence[RunningStack], ready: Sequence[str]) -> None:
    """Say where the stacks answer, last of all that is said at the start, then what they log."""
    time.sleep(SETTLED)
    tail.show()
    accounts = dict.fromkeys(running.application.account for running in started if running.application.account)
    for line in (*accounts, "Ctrl-C stops everything", *ready):
        tail.say(line)
    while True:
        tail.show()
        for child in tail.children:
            child.check()
        for running in started:
            running.check()
        time.sleep(0.2)
