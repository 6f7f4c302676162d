"""A service that is kept up: a folder of `deploy/assemble` under a real Supervisor, and what can happen to its server."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from asking import Bench
from server_faults import get

from tandem.errors import TandemError
from tandem.launch import ports
from tandem.launch.process import Child, environment
from tandem.paths import PROJECT

Happening = Callable[[], Awaitable[object]]

PATH = "/api/users/7"

KEPT = "command = {python} {project}/docs/measurements/socket_kept.py %(here)s {port}"

SECOND = """
[program:second]
command = %(here)s/serve-app
environment = PORT="{port}"
stopasgroup = true
killasgroup = true
"""


@dataclass(frozen=True)
class Site:
    """An assembled folder under a running Supervisor: where nginx answers, and each server by itself."""

    folder: Path
    port: int
    servers: tuple[int, ...]

    def send(self, number: signal.Signals) -> Happening:
        """What sends a signal to the server that runs now."""
        kept = self.folder / "var" / "server.pid"
        if kept.exists():
            pid = int(kept.read_text())
        else:
            told = subprocess.run(self._command("pid", "app"), capture_output=True, text=True, check=True)
            pid = int(told.stdout)

        async def sent() -> None:
            os.kill(pid, number)

        return sent

    async def restart(self) -> None:
        """End and start each server, one after another, each when the one before it serves."""
        for program, port in zip(("app", "second"), self.servers, strict=False):
            asked = await asyncio.create_subprocess_exec(*self._command("restart", program), stdout=subprocess.DEVNULL)
            await asked.wait()
            while not await get(port, PATH):  # noqa: ASYNC110  # another process, which sets no event of ours
                await asyncio.sleep(0.05)

    def _command(self, *words: str) -> list[str]:
        return [script("supervisorctl"), "-c", str(self.folder / "supervisord.conf"), *words]


def script(name: str) -> str:
    """A program of this environment."""
    return str(Path(sys.executable).parent / name)


def replaced(file: Path, old: str, new: str) -> None:
    """Change a file of the folder, which must hold what is changed."""
    text = file.read_text()
    if old not in text:
        raise TandemError(f"{file.name} of deploy/ is not as this script expects: no {old!r} in it")
    file.write_text(text.replace(old, new))


def assembled(folder: Path, app: str, port: int, servers: Sequence[int], *, kept: bool, twice: bool) -> None:
    """Assemble a folder for nginx's port and those of servers, of which the second one is there only where it is `twice`."""
    command = [PROJECT / "deploy" / "assemble", folder, app, str(port), str(servers[0])]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise TandemError(done.stderr.strip())
    with (folder / "userdb.env").open("a") as settings:
        settings.write("WORKERS=1\n")
    supervisor = folder / "supervisord.conf"
    if kept:
        keeper = KEPT.format(python=sys.executable, project=PROJECT, port=servers[0])
        replaced(supervisor, "command = %(here)s/serve-app", keeper)
    if twice:
        replaced(supervisor, "\n[program:nginx]", f"{SECOND.format(port=servers[1])}\n[program:nginx]")
        both = " ".join(f"server 127.0.0.1:{each} max_fails=1 fail_timeout=1s;" for each in servers)
        replaced(folder / "nginx" / "upstream.conf", f"server 127.0.0.1:{servers[0]} max_fails=0;", both)
        replaced(folder / "nginx" / "buffered.conf", "proxy_next_upstream off;", "proxy_next_upstream error;")


@contextmanager
def site(bench: Bench, app: str, kept: bool = False, twice: bool = False) -> Iterator[Site]:
    """A folder with a database, and its Supervisor; `kept`: the socket is, `twice`: there are two servers."""
    with tempfile.TemporaryDirectory(dir=bench.folder) as made:
        folder, port, servers = Path(made) / "site", ports.free_port(), (ports.free_port(), ports.free_port())
        assembled(folder, app, port, servers, kept=kept, twice=twice)
        shutil.copyfile(bench.seeded, folder / "var" / "userdb.db")
        command = [script("supervisord"), "--nodaemon", "-c", str(folder / "supervisord.conf")]
        log = folder / "log" / "all.log"
        running = Child(
            "supervisord", command, log=log, cpus=bench.cpus[:1], env=environment({}), cwd=folder, kept=True
        )
        try:
            place = Site(folder, port, servers if twice else servers[:1])
            wait(running, lambda: all(asyncio.run(get(each, PATH)) for each in (port, *place.servers)))
            yield place
        finally:
            running.terminate()
            running.wait(10)
            running.kill()


def wait(running: Child, condition: Callable[[], bool], seconds: float = 60.0) -> None:
    """Wait for what comes true. Raises TandemError where it does not, or where the child has ended."""
    end = time.monotonic() + seconds
    while not condition():
        running.check()
        if time.monotonic() > end:
            raise TandemError(f"{running.name} does not serve; its last log lines:\n{running.tail()}")
        time.sleep(0.1)
