"""What a detector costs the app that it watches, for `stalls.py`: one turn of the ASGI app in this process.

Requests come at equal distances, whatever has been answered, as nginx sends them, to uvicorn's protocol without a socket. What
counts is the CPU of all threads and of what was started to watch, and how long after its due time a request was answered.
"""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections import deque
from collections.abc import Callable
from contextlib import nullcontext
from typing import NamedTuple

import one_read
import uvicorn
from uvicorn.lifespan.on import LifespanOn
from uvicorn.server import ServerState
from watching import DETECTORS

from asgi_app.app import create_app
from asgi_app.server import Protocol
from stalls.asgi import StallsMiddleware
from tandem import statistics
from tandem.observe import usage
from userdb.settings import Settings

OFF = "none"
RATE, CONNECTIONS = 300, 16
"""Requests per second, far fewer than one CPU can answer, and how many are under way at most."""


class Turn(NamedTuple):
    """What one turn showed."""

    cpu_us: float  # per request
    p99_ms: float


class Load:
    """Requests at equal distances; one for which no connection is free waits for it, and that counts."""

    def __init__(self, connect: Callable[[Callable[[], None]], Callable[[bytes], None]], rate: float) -> None:
        self._rate, self.random = rate, random.Random(1)
        self._free = deque(Connection(self, connect) for _ in range(CONNECTIONS))
        self._late: deque[float] = deque()

    async def send(self, seconds: float) -> list[float]:
        """Ask for so long; return after how many seconds each was answered, counted from when it was due."""
        self._loop, self.times = asyncio.get_running_loop(), list[float]()
        self._left, self._number = round(seconds * self._rate), 0
        self._count, self._over = self._left, self._loop.create_future()
        self._began = time.perf_counter()
        self._ask()
        await self._over
        return self.times

    def _ask(self) -> None:
        due = self._began + self._number / self._rate
        if self._free:
            self._free.pop().ask(due)
        else:
            self._late.append(due)
        self._number += 1
        if self._number < self._count:
            self._loop.call_later(self._began + self._number / self._rate - time.perf_counter(), self._ask)

    def answered(self, connection: Connection, due: float) -> None:
        """Take a connection back whose request was answered."""
        self.times.append(time.perf_counter() - due)
        if self._late:
            connection.ask(self._late.popleft())
        else:
            self._free.append(connection)
        self._left -= 1
        if not self._left:
            self._over.set_result(None)


class Connection:
    """One connection, which has one request under way at most."""

    def __init__(self, load: Load, connect: Callable[[Callable[[], None]], Callable[[bytes], None]]) -> None:
        self._load, self._due = load, 0.0
        self._send = connect(self._answered)

    def ask(self, due: float) -> None:
        """Ask for a user at random."""
        self._due = due
        self._send(one_read.request(self._load.random.randint(2, one_read.USERS)))

    def _answered(self) -> None:
        self._load.answered(self, self._due)


async def turn(detector: str, settings: Settings, seconds: float) -> Turn:
    """Serve for so many seconds after a third of a second that is not counted, watched by a detector, or by none."""
    app = create_app(settings)
    served = StallsMiddleware(app, lambda stall: None) if detector == "stalls" else app
    watch = nullcontext() if detector in (OFF, "stalls") else DETECTORS[detector].watch([])
    config = uvicorn.Config(served, http=Protocol, access_log=False, proxy_headers=False, log_level="warning")
    config.load()
    lifespan = LifespanOn(config)
    await lifespan.startup()

    def connect(answered: Callable[[], None]) -> Callable[[bytes], None]:
        protocol = Protocol(config, ServerState(), lifespan.state, _loop=asyncio.get_running_loop())
        protocol.connection_made(one_read.Transport(answered))
        return protocol.data_received

    load = Load(connect, RATE)
    async with watch:
        await load.send(1 / 3)
        outside = await asyncio.to_thread(usage.below, [os.getpid()])  # a detector may forbid the loop to read files
        before = await asyncio.to_thread(usage.read, outside)
        began = time.process_time()
        times = await asyncio.wait_for(load.send(seconds), 60 + seconds)
        own = time.process_time() - began
        spent = own + usage.seconds(before, await asyncio.to_thread(usage.read, outside))
    await lifespan.shutdown()
    return Turn(1e6 * spent / len(times), 1000 * statistics.percentile(sorted(times), 0.99))
