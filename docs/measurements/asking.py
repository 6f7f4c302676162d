"""Ask servers in a closed loop, and see what their answers cost: what `tuned.py`, `peers.py` and `growth.py` share.

Servers run on the first CPU, whoever asks and the news service on the last. Connections each wait for their answer before they
ask again. What counts is the CPU that an answer costs all processes that were asked, nginx too where it stands in front, how
many come in a second, and how long they take. By turns, in random order, so that what else the machine does meets all alike.
"""

from __future__ import annotations

import asyncio
import json
import math
import os
import random
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import NamedTuple, cast

import uvloop

from tandem import statistics
from tandem.launch import database, news, nginx, ports, running_stack
from tandem.launch.running_stack import StackEnvironment
from tandem.observe import usage
from tandem.plan import apps
from tandem.plan import stacks as tandem_stacks
from tandem.plan.definition import Definition

Change = Callable[[Definition], Definition]
Asks = Callable[[int], Iterator[bytes]]
"""What a connection asks, by its number, without an end."""


class Found(NamedTuple):
    """What one turn showed."""

    rate: float  # good answers per second
    cpu_ms: float  # CPU per answer, of all processes that were asked
    p50_ms: float
    p99_ms: float
    p999_ms: float
    memory_mb: float  # proportional set size of all processes that were asked, at the end
    bad: float  # the share of answers that were not 200
    times: list[float]  # seconds of every answer, in the order in which they came


class Target(NamedTuple):
    """What is asked."""

    port: int
    roots: list[int]  # its processes and all that descends from them


class Served(NamedTuple):
    """A stack that answers."""

    front: Target  # through nginx
    alone: Target  # its server by itself


class Asker(asyncio.Protocol):
    """A connection that asks, waits for the answer, and asks again, until told to stop."""

    def __init__(self, requests: Iterator[bytes]) -> None:
        self._requests, self._data = requests, b""
        self.times: list[float] = []
        self.bad = 0
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
        if (len(body) < int(length)) if length else not body.endswith(b"0\r\n\r\n"):  # the last chunk
            return
        if head.startswith(b"HTTP/1.1 200 "):
            self.times.append(time.perf_counter() - self._asked)
        else:
            self.bad += 1
        self._ask()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.closed.done():
            self.closed.set_result(self.is_over)

    def _ask(self) -> None:
        self._data = b""
        if self.is_over:
            self._transport.close()
            return
        self._asked = time.perf_counter()
        self._transport.write(next(self._requests))


async def _turn(target: Target, asks: Asks, connections: int, seconds: float, before: float) -> Found:
    loop, askers = asyncio.get_running_loop(), []
    began = time.perf_counter()
    for number in range(connections):  # evenly over the time before, so that not all wait for the same
        await asyncio.sleep(began + before * number / connections - time.perf_counter())
        asker = Asker(asks(number))
        await loop.create_connection(lambda asker=asker: asker, "127.0.0.1", target.port)
        askers.append(asker)
    await asyncio.sleep(before)
    for asker in askers:
        asker.times.clear()
        asker.bad = 0
    start, used = time.perf_counter(), usage.read(target.roots)
    await asyncio.sleep(seconds)
    took, cpu = time.perf_counter() - start, usage.seconds(used, usage.read(target.roots))
    ends = [each for asker in askers for each in asker.times]
    bad = sum(asker.bad for asker in askers)
    memory = usage.memory_bytes(usage.tree(target.roots, usage.scan())) or 0
    for asker in askers:
        asker.is_over = True
    if not all(await asyncio.wait_for(asyncio.gather(*[asker.closed for asker in askers]), 60)):
        raise SystemExit("a server closed connections that were in use")
    if not ends:
        raise SystemExit(f"no good answer came within {seconds:g} s, and {bad} others")
    ordered = sorted(ends)
    p50, p99, p999 = (1000 * statistics.percentile(ordered, share) for share in (0.5, 0.99, 0.999))
    everything = len(ends) + bad
    return Found(len(ends) / took, 1000 * cpu / everything, p50, p99, p999, memory / 1e6, bad / everything, ends)


def turn(target: Target, asks: Asks, *, connections: int, seconds: float, before: float | None = None) -> Found:
    """Ask for so many seconds, after so many before that are not counted (a quarter of them unless given)."""
    return uvloop.run(_turn(target, asks, connections, seconds, seconds / 4 if before is None else before))


def reading(users: int, path: str = "/api/users/{}") -> Asks:
    """Ask for users at random."""

    def asks(_: int) -> Iterator[bytes]:
        while True:
            yield f"GET {path.format(random.randint(2, users))} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()

    return asks


def changing(target: Target) -> Asks:
    """Change a user, another for each connection."""
    token = logged_in(target.port)
    head = f"Host: localhost\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n"

    def asks(number: int) -> Iterator[bytes]:
        for each in count():
            body = json.dumps({"age": each % 100})
            line = f"PATCH /api/users/{number + 2} HTTP/1.1\r\n"
            yield f"{line}{head}Content-Length: {len(body)}\r\n\r\n{body}".encode()

    return asks


def logged_in(port: int) -> str:
    """A token of the administrator."""
    body = json.dumps({"username": "admin", "password": "correct-horse"}).encode()
    asked = urllib.request.Request(f"http://127.0.0.1:{port}/api/login", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(asked, timeout=30) as answer:
        return str(json.load(answer)["token"])


@dataclass(frozen=True, kw_only=True)
class Bench:
    """What all measurements share: how often and how long, where, and a database of so many users."""

    folder: Path
    rounds: int
    seconds: float
    users: int = 10_000
    cpus: Sequence[int] = field(default_factory=lambda: sorted(os.sched_getaffinity(0)))

    @property
    def seeded(self) -> Path:
        """A database, made once."""
        file = self.folder / f"seeded-{self.users}.db"
        database.seed(apps.load()["userdb"], file, self.users, self.folder / "seed.log")
        return file

    @contextmanager
    def stacks(
        self, *names: str, delay: float = 0.1, more: dict[str, str] | None = None, change: Change = lambda stack: stack
    ) -> Iterator[dict[str, Served]]:
        """Stacks behind an nginx each, all on the first CPU.

        `more` is set for their servers beside their own settings; what `change` makes of a stack is started in its place.
        """
        with ExitStack() as exits:
            folder = Path(exits.enter_context(tempfile.TemporaryDirectory(dir=self.folder)))
            port = ports.free_port()
            exits.enter_context(news.stub(port=port, delay=delay, logs=folder, cpus=self.cpus[-1:]))
            yield {
                name: exits.enter_context(
                    self._stack(name, change, folder, f"http://127.0.0.1:{port}/news", more or {})
                )
                for name in names
            }

    @contextmanager
    def _stack(self, name: str, change: Change, folder: Path, news_url: str, more: dict[str, str]) -> Iterator[Served]:
        definition, file = change(tandem_stacks.load()[name]), folder / f"{name}.db"
        database.restore(definition.application, self.seeded, file, folder / "restore.log")
        place = StackEnvironment(
            folder=folder, logs=folder, cpus=self.cpus[:1], news_url=news_url, nginx=nginx.find(), more=more,
            database_url=database.url(definition.application, file), port=ports.free_port(),
        )  # fmt: skip
        with running_stack.running(name, definition, place) as running:
            own = usage.below(running.keepers())
            yield Served(Target(running.port, [*own, running.nginx.pid]), Target(running.server_ports[0], own))

    def turns(self, what: str, asked: dict[str, Callable[[], Found]]) -> dict[str, list[Found]]:
        """Everyone once a round, in random order, from the last CPU."""
        found: dict[str, list[Found]] = {name: [] for name in asked}
        os.sched_setaffinity(0, self.cpus[-1:])
        for number in range(self.rounds):
            print(f"{what}: round {number + 1} of {self.rounds}", file=sys.stderr, flush=True)
            for name in random.sample(list(asked), len(asked)):
                found[name].append(asked[name]())
        os.sched_setaffinity(0, self.cpus)
        return found


def centre(values: Sequence[float]) -> tuple[float, tuple[float, float] | None]:
    """The Hodges–Lehmann estimate of values above 0 and its exact 95 % interval, None with fewer than six."""
    logs = [math.log(each) for each in values]
    bounds = statistics.interval(logs, 0.05)
    return math.exp(statistics.estimate(logs)), None if bounds is None else (math.exp(bounds[0]), math.exp(bounds[1]))


def shown(values: Sequence[float], digits: int = 2) -> str:
    """The same as text."""
    middle, bounds = centre(values)
    return (
        f"{middle:.{digits}f} (" + ("–" if bounds is None else f"{bounds[0]:.{digits}f}–{bounds[1]:.{digits}f}") + ")"
    )
