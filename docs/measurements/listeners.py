"""Measure what those who listen to events cost: `python docs/measurements/listeners.py` prints the Markdown table.

A fresh server of each stack gets so many listeners, or as many as it holds, through nginx; meanwhile bystanders come over
connections of their own. Then a user is changed, again and again, and each listener notes when the event came: the last of all is
what counts. A WSGI server holds as many as it has slots; it is asked to keep two of them for all others (`LISTENERS`).
`--kind socket` takes WebSockets in place of Server-Sent Events, `--deaf` listeners that ask for thousands of events and read
none. About 4 minutes.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple, cast

import crowd
import uvloop
from asking import Bench, Served, logged_in

from tandem.launch import signals

WITHIN = 20.0
"""Seconds within which an event must have come to all."""

LISTENERS = {"asgi": 1000, "asgi-direct": 1000, "wsgi-gthread": 14, "wsgi-sync": 1, "wsgi-gevent": 98}
"""How many each stack is asked to hold: a loop the thousand that are asked for, the others their slots but for two, or one."""


class Heard(NamedTuple):
    """What became of the listeners of one stack."""

    held: int
    kib: float  # of app and nginx, for each of them
    lasts: list[float]  # seconds from a change's answer to its event at the last listener
    missed: int  # events that did not come in time
    alone: list[float]  # milliseconds of bystanders before them
    beside: list[float]
    lost: int


class Kind(NamedTuple):
    """How one listens."""

    request: bytes
    began: bytes  # how the answer begins
    changed: bytes  # what is in each event


KINDS = {
    "stream": Kind(b"GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n", b"HTTP/1.1 200 ", b"event: changed"),
    "socket": Kind(
        b"GET /api/events/ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
        b"HTTP/1.1 101 ",
        b'"type":"changed"',
    ),
}
PING, PONG = 0x89, 0x8A

MISSED = 9_900
"""Events that a deaf listener asks for and doesn't read, some 600 KB: nearly all that are kept."""


class Listener(asyncio.Protocol):
    """One connection that listens, and when each event came to it."""

    def __init__(self, noted: asyncio.Event, kind: Kind, *, deaf: bool = False) -> None:
        self._noted, self._kind, self._deaf = noted, kind, deaf  # the event is set whenever anything happened
        self.came: dict[int, float] = {}
        self.began = self.gone = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to listen, a deaf one from the first event on."""
        self.transport = cast("asyncio.Transport", transport)
        line, rest = self._kind.request.split(b"\r\n", 1)
        self.transport.write(line + b"\r\n" + b"Last-Event-ID: 0\r\n" * self._deaf + rest)

    def data_received(self, data: bytes) -> None:
        """Note the beginning and each event, and answer a ping; each is so short that it comes whole."""
        self.began = self.began or data.startswith(self._kind.began)
        if self._kind.changed in data:
            self.came[len(self.came)] = time.perf_counter()
        elif data[0] == PING:
            self.transport.write(bytes([PONG, 0x80 | data[1]]) + bytes(4) + data[2 : 2 + data[1]])
        if self.began and self._deaf:
            self.transport.pause_reading()
        self._noted.set()

    def connection_lost(self, _: Exception | None) -> None:
        """Note that the server didn't want it any longer."""
        self.gone = True
        self._noted.set()


async def until(noted: asyncio.Event, is_so: Callable[[], bool]) -> None:
    """Wait until it is so, as long as anything may take."""
    with suppress(TimeoutError):
        async with asyncio.timeout(WITHIN):
            while not is_so():
                noted.clear()
                await noted.wait()


def changed(port: int, token: str, age: int) -> None:
    """Change a user. Raises HTTPError."""
    head = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    body = json.dumps({"age": age}).encode()
    asked = urllib.request.Request(f"http://127.0.0.1:{port}/api/users/7", body, head, method="PATCH")
    with urllib.request.urlopen(asked, timeout=30) as answer:
        answer.read()


def imported(port: int, token: str, number: int) -> None:
    """Create so many users, each of which is an event. Raises HTTPError."""
    lines = "".join(f"deaf{each},deaf{each}@example.org,\n" for each in range(number))
    body = (
        '--between\r\nContent-Disposition: form-data; name="file"; filename="people.csv"\r\nContent-Type: text/csv\r\n\r\n'
        f"username,email,age\n{lines}\r\n--between--\r\n"
    )
    head = {"Authorization": f"Bearer {token}", "Content-Type": "multipart/form-data; boundary=between"}
    asked = urllib.request.Request(f"http://127.0.0.1:{port}/api/users/import", body.encode(), head)
    with urllib.request.urlopen(asked, timeout=60) as answer:
        answer.read()


async def measured(
    served: Served, kind: Kind, number: int, events: int, rate: float, seconds: float, *, deaf: bool
) -> Heard:
    """Let them come, look, change a user so many times, and send them away; deaf ones don't read what they asked for."""
    port, loop, noted = served.front.port, asyncio.get_running_loop(), asyncio.Event()
    token = logged_in(port)
    if deaf:
        await loop.run_in_executor(None, imported, port, token, MISSED)
    alone, _ = await crowd.bystanders(port, rate, seconds)
    before = crowd.memory(served.front)
    listeners: list[Listener] = []
    for _ in range(number):
        _, listener = await loop.create_connection(lambda: Listener(noted, kind, deaf=deaf), "127.0.0.1", port)
        listeners.append(listener)
    await until(noted, lambda: all(each.began or each.gone for each in listeners))
    held = [each for each in listeners if each.began and not each.gone]
    lasts, missed = [], 0
    for event in range(events):
        await loop.run_in_executor(None, changed, port, token, 20 + event)
        if deaf:
            continue
        start = time.perf_counter()
        await until(noted, lambda event=event: all(event in each.came for each in held))  # type: ignore[misc]  # the default of a lambda has no type
        came = [each.came[event] - start for each in held if event in each.came]
        missed += len(held) - len(came)
        lasts += [max(came)] if came else []
    beside, lost = await crowd.bystanders(port, rate, seconds)
    more = crowd.memory(served.front) - before
    for each in listeners:
        each.transport.abort()
    return Heard(len(held), more / 1024 / len(held) if held else 0.0, lasts, missed, alone, beside, lost)


def row(stack: str, number: int, found: Heard) -> str:
    """A line of the table."""
    last = f"{statistics.median(found.lasts):.2f} s, at most {max(found.lasts):.2f} s" if found.lasts else "–"
    times = f"{crowd.p99(found.alone)} | {crowd.p99(found.beside)}"
    return f"| `{stack}` | {number:,} | {found.held:,} | {found.kib:.1f} KiB | {last} | {found.missed} | {times} | {found.lost} |"


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure stack by stack, print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--stacks", default=",".join(LISTENERS), metavar="A,B", help=f"of {', '.join(LISTENERS)}")
    parser.add_argument("--events", type=int, default=10, help="changes, one after another")
    parser.add_argument("--rate", type=float, default=50.0, help="bystanders per second")
    parser.add_argument("--seconds", type=float, default=20.0, help="of bystanders, before they listen and beside them")
    parser.add_argument("--kind", choices=KINDS, default="stream", help="Server-Sent Events or a WebSocket")
    parser.add_argument(
        "--deaf",
        action="store_true",
        help="listeners that ask for all events that there are, and read nothing after the beginning",
    )
    options = parser.parse_args(arguments)
    kind, names = KINDS[options.kind], options.stacks.split(",")
    if unknown := set(names) - LISTENERS.keys():
        parser.error(f"no such stack: {', '.join(sorted(unknown))}")
    crowd.room(2 * max(LISTENERS[name] for name in names))
    print(
        "| stack | came | held | memory of each | an event at the last of them | missed | p99 alone | p99 beside them | lost |"
    )
    print("|---|---:|---:|---:|---:|---:|---:|---:|---:|", flush=True)
    with signals.stoppable(), tempfile.TemporaryDirectory(prefix="tandem-listeners-") as made:
        bench = Bench(folder=Path(made), rounds=1, seconds=options.seconds, users=100)
        for name in names:
            number = LISTENERS[name]
            print(f"{name}: {number:,}", file=sys.stderr, flush=True)
            with bench.stacks(name, more={"LISTENERS": f"{number}"}) as served:
                found = uvloop.run(
                    measured(
                        served[name], kind, number, options.events, options.rate, options.seconds, deaf=options.deaf
                    )
                )
            print(row(name, number, found), flush=True)


if __name__ == "__main__":
    main()
