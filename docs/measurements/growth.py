"""Measure how cost grows: `make growth` measures and draws, and prints the Markdown tables.

Reads and pages from 10 thousand to 10 million users, waits from 1 to 2,000 in flight, memory for each open connection and each
request that waits. Servers run on the first CPU without nginx, whoever asks on the last; stacks take turns in random order.
What was measured is kept in growth.json beside the pictures; `--draw FOLDER` draws and prints it again.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import socket
import statistics
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import altair
from asking import Asks, Bench, Found, Served, reading, turn

from tandem.launch import signals
from tandem.observe import usage

STACKS = ("wsgi-gthread", "asgi", "wsgi-direct", "asgi-direct")
USERS = (10_000, 100_000, 1_000_000, 10_000_000)
WAITING_AT_ONCE = (1, 16, 64, 256, 1000, 2000)
LARGEST_OF_THREADS = 256
"""In flight at a stack of threads: it has 16 at work whatever waits, and takes no more than 1,000 connections."""

MORE = {"NEWS_CONNECTIONS": "2000", "NEWS_TIMEOUT": "30"}
"""A connection to the news service for each request that waits, which stacks bound to 100."""


class Point(NamedTuple):
    """What one stack showed at one size, medians over the rounds."""

    kind: str  # "read", "page", "waiting" or "connections"
    stack: str
    size: int  # users, requests in flight, or open connections
    rate: float
    cpu_ms: float
    p50_ms: float
    p99_ms: float
    memory_mb: float


def paging(users: int) -> Asks:
    """Ask for a page of 20 anywhere in the table."""

    def asks(_: int) -> Iterator[bytes]:
        while True:
            after = random.randint(1, max(users - 20, 1))
            yield f"GET /api/users?after={after}&limit=20 HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()

    return asks


def point(kind: str, stack: str, size: int, found: Sequence[Found]) -> Point:
    """The medians of a stack's turns."""
    values = [(each.rate, each.cpu_ms, each.p50_ms, each.p99_ms, each.memory_mb) for each in found]
    return Point(kind, stack, size, *map(statistics.median, zip(*values, strict=True)))


def with_users(bench: Bench, stacks: Sequence[str]) -> Iterator[Point]:
    """Reads and pages at 32 connections."""
    with bench.stacks(*stacks) as served:
        asked: dict[str, Callable[[], Found]] = {
            f"{kind} {name}": partial(turn, each.alone, asks(bench.users), connections=32, seconds=bench.seconds)
            for name, each in served.items()
            for kind, asks in (("read", reading), ("page", paging))
        }
        for name, found in bench.turns(f"{bench.users} users", asked).items():
            kind, _, stack = name.partition(" ")
            yield point(kind, stack, bench.users, found)


def in_flight(bench: Bench, stacks: Sequence[str], sizes: Sequence[int]) -> Iterator[Point]:
    """News that take 100 ms."""
    with bench.stacks(*stacks, more=MORE) as served:
        for size in sizes:
            asked: dict[str, Callable[[], Found]] = {
                name: partial(
                    turn, each.alone, reading(bench.users, "/api/users/{}/news"), connections=size,
                    seconds=bench.seconds, before=2.0,
                )
                for name, each in served.items()
                if size <= LARGEST_OF_THREADS or name.startswith("asgi")
            }  # fmt: skip
            for name, found in bench.turns(f"{size} in flight", asked).items():
                yield point("waiting", name, size, found)


def connections(bench: Bench, stacks: Sequence[str], sizes: Sequence[int]) -> Iterator[Point]:
    """Memory with so many open connections, each of which has had one answer."""
    with bench.stacks(*stacks) as served:
        for name, each in served.items():
            for size in sizes:
                if size <= LARGEST_OF_THREADS or name.startswith("asgi"):
                    yield Point("connections", name, size, 0, 0, 0, 0, held(each, size))


def held(served: Served, number: int) -> float:
    """Memory in MB of a server that holds so many connections."""
    with ExitStack() as exits:
        for _ in range(number):
            made = exits.enter_context(socket.create_connection(("127.0.0.1", served.alone.port), timeout=30))
            made.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            made.recv(65_536)
        return (usage.memory_bytes(served.alone.roots) or 0) / 1e6


def draw(points: Sequence[Point], folder: Path) -> None:
    """A picture for each curve."""
    curves = (
        ("read", "cpu_ms", "users", "CPU of a read, ms"),
        ("page", "cpu_ms", "users", "CPU of a page of 20, ms"),
        ("waiting", "rate", "in flight", "answers per second on 100 ms waits"),
        ("waiting", "p99_ms", "in flight", "p99 of 100 ms waits, ms"),
        ("waiting", "memory_mb", "in flight", "memory with so many waiting, MB"),
        ("connections", "memory_mb", "open connections", "memory with so many connections, MB"),
    )
    for kind, field, size, title in curves:
        rows = [
            {size: each.size, title: getattr(each, field), "stack": each.stack} for each in points if each.kind == kind
        ]
        chart = altair.Chart(altair.Data(values=rows), width=420, height=260, title=title).mark_line(point=True)
        at = altair.X(f"{size}:Q").scale(type="log")
        chart.encode(x=at, y=altair.Y(f"{title}:Q"), color="stack:N").save(folder / f"{kind}-{field}.svg")


def tables(points: Sequence[Point]) -> str:
    """The Markdown table, and what one more connection and one more waiting request take."""
    lines = [
        "| what | stack | size | answers/s | CPU, ms | p50, ms | p99, ms | memory, MB |",
        "|---|---|---:|---:|---:|---:|---:|---:|",
    ]
    for each in points:
        times = f"{each.rate:.0f} | {each.cpu_ms:.3f} | {each.p50_ms:.1f} | {each.p99_ms:.1f}"
        lines.append(f"| {each.kind} | `{each.stack}` | {each.size} | {times} | {each.memory_mb:.1f} |")
    for kind in ("connections", "waiting"):
        for stack in dict.fromkeys(each.stack for each in points if each.kind == kind):
            own = sorted((each.size, each.memory_mb) for each in points if (each.kind, each.stack) == (kind, stack))
            (least, before), (most, after) = own[0], own[-1]
            if most > least:
                lines.append(f"\n{kind}, `{stack}`: {1000 * (after - before) / (most - least):.1f} kB for each.")
    return "\n".join(lines)


def numbers(text: str) -> list[int]:
    """Whole numbers between commas."""
    return [int(each) for each in text.split(",")]


def main() -> None:
    """Measure, keep, draw, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3.0, help="of one turn")
    parser.add_argument("--users", type=numbers, default=list(USERS), metavar="N,N")
    parser.add_argument("--in-flight", type=numbers, default=list(WAITING_AT_ONCE), metavar="N,N")
    parser.add_argument("--stacks", type=lambda text: text.split(","), default=list(STACKS), metavar="A,B")
    parser.add_argument("--out", type=Path, default=Path("docs/growth"), help="where pictures and numbers go")
    parser.add_argument(
        "--draw", type=Path, metavar="FOLDER", help="draw and print what is kept there; nothing is measured"
    )
    options = parser.parse_args()
    if options.draw:
        kept = json.loads((options.draw / "growth.json").read_text())
        points = [Point(**each) for each in kept]
        draw(points, options.draw)
    else:
        points = []
        options.out.mkdir(parents=True, exist_ok=True)
        for found in measured(options):  # kept at once: it takes long
            points.append(found)
            (options.out / "growth.json").write_text(json.dumps([each._asdict() for each in points], indent=1) + "\n")
        draw(points, options.out)
    print(tables(points))


def measured(options: Any) -> Iterator[Point]:
    """All of it."""
    with (
        signals.stoppable(),
        tempfile.TemporaryDirectory(prefix="tandem-growth-", dir=os.environ.get("TMPDIR")) as name,
    ):
        for users in options.users:
            bench = Bench(folder=Path(name), rounds=options.rounds, seconds=options.seconds, users=users)
            yield from with_users(bench, options.stacks)
            if users != options.users[0]:
                bench.seeded.unlink()
        bench = Bench(folder=Path(name), rounds=options.rounds, seconds=options.seconds, users=options.users[0])
        yield from connections(bench, options.stacks, options.in_flight)
        yield from in_flight(bench, options.stacks, options.in_flight)


if __name__ == "__main__":
    main()
