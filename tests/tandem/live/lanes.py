"""Lanes in this process: stand-ins that answer at once, but for what blocks, which holds one of so many places."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import msgspec

from tandem.live.setup import Lane, Setup
from tandem.plan.kinds import Kind, Planted, Post, Writes

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


WRITES = Writes(
    log_in=Post(path="/log-in", body={"name": "somebody"}), create=Post(path="/things", body={"name": "thing {number}"})
)
LOCK = msgspec.structs.replace(SLEEP, title="a long write transaction", writes=WRITES, planted=None, stall="")


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
        self.asked: list[str] = []  # method, target and body
        self.made, self.things = 0, set[str]()  # how many things were created, and where those are that are still there
        self.port = 0
        self.open: set[asyncio.StreamWriter] = set()  # whom nobody has answered yet

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request."""
        self.open.add(writer)
        head = b""
        while b"\r\n\r\n" not in head and (data := await reader.read(1000)):
            head += data
        if b"\r\n\r\n" not in head:  # whoever asked has left before
            writer.close()
            self.open.discard(writer)
            return
        top, _, body = head.decode().partition("\r\n\r\n")
        method, target, *_ = top.split()
        self.asked.append(f"{method} {target} {body}")
        path, _, amount = target.partition("?ms=")
        async with self.places:
            await asyncio.sleep(int(amount or 0) / 1000)
        status, answer = self._reply(method, path)
        writer.write(f"HTTP/1.1 {status}\r\nContent-Length: {len(answer)}\r\n\r\n{answer}".encode())
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
        self.open.discard(writer)

    def _reply(self, method: str, path: str) -> tuple[str, str]:
        """The status, with a header where it has one, and the body."""
        if path in self.missing:
            return "404 Not Found", ""
        if (method, path) == ("POST", WRITES.create.path):
            self.made += 1
            self.things.add(place := f"{path}/{self.made}")
            return f"201 Created\r\nLocation: {place}", ""
        if method == "DELETE":
            self.things.remove(path)
            return "204 No Content", ""
        return "200 OK", '{"token": "of somebody"}'


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
