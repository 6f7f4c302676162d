"""Measure what a crowd of open connections costs, and whom it hurts: `python docs/measurements/crowd.py`.

A fresh server of each stack is joined by more and more connections that stay: such as were answered once and are kept alive, or
such whose answer goes on, with a byte now and then (`/lab/open`); and by clients that take an answer of a megabyte at some
kilobytes per second, or send a body of a kilobyte at a byte per second, without nginx and behind it. Beside them come bystanders,
over connections of their own, at a fixed rate. Held is a connection whose answer has begun, or whose body was asked for
(`100 Continue`), and that is still there when they have been asked. Needs a limit of open files (`ulimit -n`) above the largest
crowd, for the server and for this script. About 20 minutes for all stacks.
"""

from __future__ import annotations

import argparse
import asyncio
import resource
import socket
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, NamedTuple, cast

import uvloop
from asking import Bench, Target

from tandem import statistics
from tandem.launch import signals
from tandem.observe import usage

PATIENCE = 5.0
"""Seconds after which a bystander is lost, and without a further answer to the crowd after which no more are waited for."""

OPENED_AT_ONCE = 200
"""Connections of the crowd that are made at the same time: fewer than any listening socket has room for."""


class Crowd(NamedTuple):
    """What a connection of the crowd asks for, and how."""

    path: str
    slowly: Literal["", "reads", "sends"] = ""  # takes its answer a SIP per second, or sends a body a byte per second
    front: bool = False  # whether nginx stands between

    @property
    def head(self) -> bytes:
        """What it sends at once."""
        body = f"Content-Type: application/json\r\nContent-Length: {BODY_BYTES}\r\nExpect: 100-continue\r\n"
        method, more = ("POST", body) if self.slowly == "sends" else ("GET", "")
        return f"{method} {self.path} HTTP/1.1\r\nHost: localhost\r\n{more}\r\n".encode()


LARGE, LOGIN = "/lab/serialise-in-pieces?items=10000", "/api/login"
CROWDS = {
    "kept alive": Crowd("/healthz"),
    "answer goes on": Crowd("/lab/open?ms=600000"),
    "reads slowly": Crowd(LARGE, "reads"),
    "reads slowly, behind nginx": Crowd(LARGE, "reads", front=True),
    "sends slowly": Crowd(LOGIN, "sends"),
    "sends slowly, behind nginx": Crowd(LOGIN, "sends", front=True),
}

SIP = 4096
"""Bytes that the socket of who reads slowly has room for; it is emptied once a second."""

BODY_BYTES = 1000
"""Bytes that who sends slowly announces: more than are sent before all are sent away."""


class Found(NamedTuple):
    """What one crowd did."""

    held: int
    kib: float  # of the server, for each connection that it holds
    alone: list[float]  # milliseconds of each bystander before the crowd came
    beside: list[float]  # and beside it
    lost: int  # bystanders without a good answer beside it


class Guest(asyncio.Protocol):
    """A connection of the crowd, which asks once and stays."""

    def __init__(self, crowd: Crowd) -> None:
        self._crowd = crowd
        self.answered = self.gone = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask."""
        self.transport = cast("asyncio.Transport", transport)
        self.transport.write(self._crowd.head)

    def data_received(self, data: bytes) -> None:
        """Note that the server has it; who reads slowly reads on after a while, and who sends slowly begins."""
        began, welcome = self.answered, b"HTTP/1.1 100 " if self._crowd.slowly == "sends" else b"HTTP/1.1 200 "
        self.answered = began or data.startswith(welcome)
        if self._crowd.slowly == "reads":
            self.transport.pause_reading()
            asyncio.get_running_loop().call_later(1, self._read_on)
        if self._crowd.slowly == "sends" and self.answered and not began:
            self._send_on()

    def _read_on(self) -> None:
        if not self.transport.is_closing():
            self.transport.resume_reading()

    def _send_on(self) -> None:
        if not self.transport.is_closing():
            self.transport.write(b" ")
            asyncio.get_running_loop().call_later(1, self._send_on)

    def connection_lost(self, _: Exception | None) -> None:
        """Note that the server didn't want it any longer."""
        self.gone = True

    @property
    def held(self) -> bool:
        """Whether the server has it and it is still there."""
        return self.answered and not self.gone


async def come(port: int, crowd: Crowd, number: int) -> list[Guest]:
    """Return the crowd once the server has all or sent them away, or no further one for a while."""
    loop = asyncio.get_running_loop()
    guests: list[Guest] = []

    async def one() -> None:
        connection = socket.socket()
        connection.setblocking(False)
        if crowd.slowly == "reads":
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SIP)
        try:
            async with asyncio.timeout(PATIENCE):
                await loop.sock_connect(connection, ("127.0.0.1", port))
                _, guest = await loop.create_connection(lambda: Guest(crowd), sock=connection)
        except (OSError, TimeoutError):
            connection.close()
            return
        guests.append(guest)

    for start in range(0, number, OPENED_AT_ONCE):
        await asyncio.gather(*[one() for _ in range(min(OPENED_AT_ONCE, number - start))])
    settled, since = 0, time.monotonic()
    while time.monotonic() < since + PATIENCE and settled < len(guests):
        await asyncio.sleep(0.05)
        if (now := sum(guest.answered or guest.gone for guest in guests)) > settled:
            settled, since = now, time.monotonic()
    return guests


async def asked(port: int, path: str = "/healthz") -> float | None:
    """Return the milliseconds of one bystander; None without a good answer."""
    start = time.perf_counter()
    try:
        async with asyncio.timeout(PATIENCE):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
            answer = await reader.read()
            writer.close()
    except (OSError, TimeoutError):
        return None
    return 1000 * (time.perf_counter() - start) if answer.startswith(b"HTTP/1.1 200 ") else None


async def bystanders(port: int, rate: float, seconds: float) -> tuple[list[float], int]:
    """Ask at this rate, whatever becomes of earlier ones; return the times of good answers, and how many had none."""
    start = asyncio.get_running_loop().time() + 0.1

    async def one(number: int) -> float | None:
        await asyncio.sleep(max(0.0, start + number / rate - asyncio.get_running_loop().time()))
        return await asked(port)

    found = await asyncio.gather(*[one(number) for number in range(int(rate * seconds))])
    good = [each for each in found if each is not None]
    return good, len(found) - len(good)


def memory(target: Target) -> int:
    """The proportional set size of the server, in bytes."""
    return usage.memory_bytes(usage.tree(target.roots, usage.scan())) or 0


async def measured(target: Target, crowd: Crowd, number: int, rate: float, seconds: float) -> Found:
    """Let a crowd come, look, and send it away."""
    alone, _ = await bystanders(target.port, rate, seconds)
    before = memory(target)
    guests = await come(target.port, crowd, number)
    beside, lost = await bystanders(target.port, rate, seconds)
    held = sum(guest.held for guest in guests)
    more = memory(target) - before
    for guest in guests:
        guest.transport.abort()
    return Found(held, more / 1024 / held if held else 0.0, alone, beside, lost)


def p99(times: Sequence[float]) -> str:
    """What stands in the table: of fewer than 100 answers their slowest says no less."""
    return f"{statistics.percentile(sorted(times), 0.99):.1f} ms" if times else "–"


def row(stack: str, title: str, number: int, found: Found) -> str:
    """A line of the table."""
    each = f"{found.kib:.1f} KiB" if found.held else "–"
    return (
        f"| `{stack}` | {title} | {number:,} | {found.held:,} | {each} | {p99(found.alone)} | {p99(found.beside)} "
        f"| {found.lost} |"
    )


def room(number: int) -> None:
    """Raise this process's limit of open files for such a crowd. Raises SystemExit where that is not allowed."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = number + 500
    if hard != resource.RLIM_INFINITY and hard < needed:
        raise SystemExit(f"a crowd of {number:,} needs {needed:,} open files, and `ulimit -Hn` is {hard:,}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, needed), hard))


def main() -> None:
    """Measure stack by stack, print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--stacks", default="asgi,wsgi-gthread,wsgi-sync", metavar="A,B")
    parser.add_argument("--crowds", default="1000,10000", metavar="N,M")
    parser.add_argument(
        "--slow", default="200", metavar="N,M", help="how many clients read or send slowly (default: 200)"
    )
    parser.add_argument("--rate", type=float, default=50.0, help="bystanders per second")
    parser.add_argument("--seconds", type=float, default=20.0, help="of bystanders, before the crowd and beside it")
    options = parser.parse_args()
    staying, slow = ([int(number) for number in each.split(",")] for each in (options.crowds, options.slow))
    room(max(*staying, *slow))
    print(f"{options.rate:g} bystanders per second, {options.seconds:g} s before the crowd and beside it.\n")
    print("| stack | crowd | came | held | memory of each | p99 alone | p99 beside it | lost |")
    print("|---|---|---:|---:|---:|---:|---:|---:|", flush=True)
    with signals.stoppable(), tempfile.TemporaryDirectory(prefix="tandem-crowd-") as made:
        bench = Bench(folder=Path(made), rounds=1, seconds=options.seconds, users=100)
        for stack in options.stacks.split(","):
            for title, crowd in CROWDS.items():
                for number in slow if crowd.slowly else staying:
                    print(f"{stack}: {number:,}, {title}", file=sys.stderr, flush=True)
                    with bench.stacks(stack, more={"LAB": "1"}) as served:
                        target = served[stack].front if crowd.front else served[stack].alone
                        found = uvloop.run(measured(target, crowd, number, options.rate, options.seconds))
                    print(row(stack, title, number, found), flush=True)


if __name__ == "__main__":
    main()
