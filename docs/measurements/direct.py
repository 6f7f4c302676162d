"""Measure the tuned pair beside the documented: `python docs/measurements/direct.py` prints the Markdown table.

Every stack of `STACKS` runs by itself on the first CPU, without nginx, all on copies of one seeded database. By turns, in random
order, one of them is asked from the last CPU over some connections, each of which waits for its answer before it asks again. What
counts is the CPU that an answer costs all processes of the stack, and how many answers come in a second.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path
from typing import NamedTuple, cast

import uvloop

from tandem.launch import ports, process
from tandem.observe import usage
from tandem.plan import stacks as tandem_stacks

STACKS = ("wsgi-gthread", "asgi", "wsgi-direct", "asgi-direct")
USERS = 10_000
WORKS = {"read": "one user read by id", "change": "one user changed, another for each connection"}


class Found(NamedTuple):
    """What one turn showed."""

    rate: float  # answers per second
    cpu_ms: float  # CPU per answer, of all processes of the stack
    p99_ms: float


class Served(NamedTuple):
    """A stack that answers."""

    pid: int
    port: int
    token: str


class Asker(asyncio.Protocol):
    """A connection that asks, waits for the answer, and asks again, until told to stop."""

    def __init__(self, requests: Iterator[bytes]) -> None:
        self._requests, self._data = requests, b""
        self.times: list[float] = []
        self.is_over, self.closed = False, asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._ask()

    def data_received(self, data: bytes) -> None:
        self._data += data
        head, found, body = self._data.partition(b"\r\n\r\n")
        if not found:
            return
        length = head.lower().partition(b"\r\ncontent-length: ")[2].partition(b"\r\n")[0]
        if len(body) < int(length):
            return
        assert head.startswith(b"HTTP/1.1 200 "), self._data
        self.times.append(time.perf_counter() - self._asked)
        self._ask()

    def connection_lost(self, error: Exception | None) -> None:
        self.closed.set_result(None)

    def _ask(self) -> None:
        self._data = b""
        if self.is_over:
            self._transport.close()
            return
        self._asked = time.perf_counter()
        self._transport.write(next(self._requests))


def requests(work: str, token: str, number: int) -> Iterator[bytes]:
    """What one connection asks, without an end."""
    head = f"Host: localhost\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n"
    for each in count():
        if work == "read":
            yield f"GET /api/users/{random.randint(2, USERS)} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
        else:
            body = json.dumps({"age": each % 100})
            line = f"PATCH /api/users/{number + 2} HTTP/1.1\r\n"
            yield f"{line}{head}Content-Length: {len(body)}\r\n\r\n{body}".encode()


async def turn(served: Served, work: str, connections: int, seconds: float) -> Found:
    """Ask one stack for so long."""
    loop = asyncio.get_running_loop()
    askers = []
    for number in range(connections):
        asker = Asker(requests(work, served.token, number))
        await loop.create_connection(lambda asker=asker: asker, "127.0.0.1", served.port)
        askers.append(asker)
    await asyncio.sleep(seconds / 4)
    for asker in askers:
        asker.times.clear()
    began, before = time.perf_counter(), usage.read([served.pid])
    await asyncio.sleep(seconds)
    took, cpu = time.perf_counter() - began, usage.seconds(before, usage.read([served.pid]))
    times = sorted(each for asker in askers for each in asker.times)
    for asker in askers:
        asker.is_over = True
    await asyncio.wait_for(asyncio.gather(*[asker.closed for asker in askers]), 20)
    return Found(len(times) / took, 1000 * cpu / len(times), 1000 * times[int(0.99 * len(times))])


@contextmanager
def serving(name: str, folder: Path, seeded: Path, cpu: int) -> Iterator[Served]:
    """A stack's own server on one CPU."""
    folder.mkdir()
    database, port = shutil.copyfile(seeded, folder / "users.db"), ports.free_port()
    stack = tandem_stacks.load()[name]
    more = {
        "DATABASE_URL": f"sqlite:///{database}",
        "SESSION_KEYS_FILE": str(folder / "keys"),
        "LOGIN_ATTEMPTS": "1000",
    }
    command = ["taskset", "-c", str(cpu), *stack.filled_command(1, port)]
    environment = {**os.environ, **stack.environment, **more, "PROMETHEUS_MULTIPROC_DIR": str(folder)}
    with (folder / "log").open("w") as log:
        server = subprocess.Popen(command, env=environment, cwd=stack.directory, stdout=log, stderr=log)
    try:
        yield Served(server.pid, port, logged_in(port))
    finally:
        server.terminate()
        server.wait()


def logged_in(port: int) -> str:
    """A token of the administrator, as soon as the server answers. Raises SystemExit after 30 s."""
    body = json.dumps({"username": "admin", "password": "correct-horse"}).encode()
    asked = urllib.request.Request(f"http://127.0.0.1:{port}/api/login", body, {"Content-Type": "application/json"})
    for _ in range(300):
        try:
            with urllib.request.urlopen(asked, timeout=5) as answer:
                return str(json.load(answer)["token"])
        except OSError:
            time.sleep(0.1)
    raise SystemExit("a server did not answer within 30 s")


def turns(options: argparse.Namespace, served: dict[str, Served]) -> dict[tuple[str, str], list[Found]]:
    """Every stack does every work once a round, in random order, so that what else the machine does meets all of them."""
    found: dict[tuple[str, str], list[Found]] = {(work, name): [] for work in WORKS for name in served}
    for _ in range(options.rounds):
        for work, name in random.sample(list(found), len(found)):
            asking = turn(served[name], work, options.connections, options.seconds)
            found[work, name].append(uvloop.run(asking))
    return found


def table(found: dict[tuple[str, str], list[Found]]) -> str:
    """The Markdown table: medians over the rounds, and ratios within each round with the least and the greatest."""
    lines = [
        "| work | stack | answers/s | CPU per answer, ms | p99, ms | CPU ÷ that of wsgi-gthread | ÷ that of asgi |",
        "|---|---|---:|---:|---:|---:|---:|",
    ]
    for (work, name), values in found.items():
        rate, cpu, p99 = (statistics.median(column) for column in zip(*values, strict=True))
        ratios = [ratio(values, found[work, other]) for other in ("wsgi-gthread", "asgi")]
        lines.append(f"| {WORKS[work]} | `{name}` | {rate:.0f} | {cpu:.3f} | {p99:.1f} | {' | '.join(ratios)} |")
    return "\n".join(lines)


def ratio(values: list[Found], others: list[Found]) -> str:
    """The CPU per answer of one stack as a part of another's."""
    found = [one.cpu_ms / other.cpu_ms for one, other in zip(values, others, strict=True)]
    return f"{statistics.median(found):.2f} ({min(found):.2f}–{max(found):.2f})"


def main() -> None:
    """Seed, start all stacks, measure, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=float, default=3.0, help="of one turn, a quarter more before it")
    parser.add_argument("--connections", type=int, default=32)
    options = parser.parse_args()
    cpus = sorted(os.sched_getaffinity(0))
    with process.stoppable(), tempfile.TemporaryDirectory(prefix="tandem-direct-") as temporary, ExitStack() as exits:
        folder = Path(temporary)
        seed = ["seed", "--users", str(USERS), "--database", str(folder / "seeded.db")]
        subprocess.run([sys.executable, "-m", "tandem", *seed], check=True, stdout=subprocess.DEVNULL)
        served = {
            name: exits.enter_context(serving(name, folder / name, folder / "seeded.db", cpus[0])) for name in STACKS
        }
        os.sched_setaffinity(0, cpus[-1:])
        print(table(turns(options, served)))


if __name__ == "__main__":
    main()
