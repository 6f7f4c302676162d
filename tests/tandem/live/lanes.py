"""Lanes in this process: stand-ins that answer at once, but for what blocks, which holds one of so many places."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from tandem.live.setup import Lane, Setup
from tandem.plan.kinds import Kind, Planted

SLEEP = Kind(
    title="time.sleep in the handler",
    happens="It stands.",
    wrong="/lab/sleep",
    right="/lab/pause",
    amount="ms",
    usual=200,
    most=10_000,
    cpu=False,
    planted=Planted(file="app.py", function="sleep"),
    stall="wait",
)
HASH = Kind(
    title="a password verified in the handler",
    happens="It computes.",
    wrong="/lab/password",
    amount="times",
    usual=5,
    most=20,
    cpu=True,
    planted=Planted(file="app.py", function="verify"),
    stall="compute",
)


def lane(name: str = "loop", slots: int | None = None, port: int = 1, folder: Path = Path()) -> Lane:
    """A lane of one process."""
    return Lane(
        name=name, title=name.title(), port=port, processes=1, servers=1, slots=slots,
        stalls=str(folder / f"{name}.jsonl"), code=str(folder),
    )  # fmt: skip


class App:
    """What stands in for a stack: with one place whatever comes waits for who came before, as in an event loop that stands."""

    def __init__(self, places: int, missing: tuple[str, ...] = ()) -> None:
        self.places, self.missing = asyncio.Semaphore(places), missing
        self.asked: list[tuple[float, str]] = []
        self.port = 0
        self.open: set[asyncio.StreamWriter] = set()  # whom nobody has answered yet

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request."""
        self.open.add(writer)
        head = await reader.read(1000)
        if not head:  # whoever asked has left before
            writer.close()
            self.open.discard(writer)
            return
        target = head.split()[1].decode()
        self.asked.append((time.monotonic(), target))
        path, _, amount = target.partition("?ms=")
        async with self.places:
            await asyncio.sleep(int(amount or 0) / 1000)
        status = b"404 Not Found" if path in self.missing else b"200 OK"
        writer.write(b"HTTP/1.1 " + status + b"\r\nContent-Length: 2\r\n\r\nok")
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
        self.open.discard(writer)


@asynccontextmanager
async def serving(*apps: App) -> AsyncIterator[None]:
    """Let them answer."""
    servers = [await asyncio.start_server(app.answer, "127.0.0.1", 0) for app in apps]
    for app, server in zip(apps, servers, strict=True):
        app.port = server.sockets[0].getsockname()[1]
    try:
        yield
    finally:
        for server in servers:
            server.close()
            await server.wait_closed()
        while any(app.open for app in apps):
            for app in apps:
                for writer in set(app.open):
                    writer.transport.abort()
                    app.open.discard(writer)
            await asyncio.sleep(0.1)  # whoever was let in meanwhile is there now


def setup(lanes: list[Lane], rate: int = 100, port: int = 8090, **kinds: Kind) -> Setup:
    """What the page's process is told."""
    return Setup(
        port=port, rate=rate, seed=1, lanes=lanes, bystanders=["/a", "/b"],
        kinds=kinds or {"sleep-in-handler": SLEEP, "password": HASH}, shared=False,
    )  # fmt: skip
