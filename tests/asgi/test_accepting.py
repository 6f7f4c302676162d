"""All connections that wait to be accepted are taken in one turn of the tuned app's event loop."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import ExitStack, asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, cast

import pytest
import trustme
import uvloop

from asgi_app.server import Loop

CALLERS = 30
TURNS = 5

Connect = Callable[[], socket.socket]


class Greeting(asyncio.Protocol):
    """Says that the connection is open."""

    def __init__(self, opened: set[Greeting]) -> None:
        self._opened = opened

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self._opened.add(self)
        self.transport.write(b"in")

    def connection_lost(self, error: Exception | None) -> None:
        self._opened.discard(self)


def run(call: Coroutine[Any, Any, int], factory: Callable[[], asyncio.AbstractEventLoop] = Loop) -> int:
    """What a coroutine returns on a loop of its own."""
    with asyncio.Runner(loop_factory=factory) as runner:
        return runner.run(call)


@asynccontextmanager
async def serving(where: str = "port", folder: Path | None = None, **how: Any) -> AsyncIterator[Connect]:
    """A server, and what connects to it: at a port, at a socket that somebody else opened, or at one of the file system."""
    opened: set[Greeting] = set()
    loop, given, greeting = asyncio.get_running_loop(), {"backlog": 2048, **how}, partial(Greeting, opened)
    path = str(folder / "socket") if folder else ""
    if where == "path":
        server = await loop.create_unix_server(greeting, path, **given)
    elif where == "socket given":  # as uvicorn's with --fd and with --workers
        server = await loop.create_server(greeting, sock=socket.create_server(("127.0.0.1", 0)), **given)
    else:
        server = await loop.create_server(greeting, "127.0.0.1", 0, **given)
    address = path or server.sockets[0].getsockname()

    def connect() -> socket.socket:
        made = socket.socket(socket.AF_UNIX if path else socket.AF_INET)
        made.settimeout(10)
        made.connect(address)
        return made

    try:
        yield connect
    finally:
        server.close()
        await server.wait_closed()
        await turns(10)  # some are just being let in
        for each in list(opened):
            each.transport.abort()
        await turns(10)
        assert not opened


async def turns(number: int) -> None:
    """Let the loop turn."""
    for _ in range(number):
        await asyncio.sleep(0)


def heard(callers: list[socket.socket]) -> int:
    """How many were answered."""
    number = 0
    for each in callers:
        each.setblocking(False)
        with suppress(BlockingIOError):
            number += each.recv(16) == b"in"
    return number


async def let_in(where: str, folder: Path | None) -> int:
    """How many of the callers are in after a few turns of the loop."""
    async with serving(where, folder) as connect:
        with ExitStack() as exits:
            callers = [exits.enter_context(connect()) for _ in range(CALLERS)]
            await turns(TURNS)
            return heard(callers)


@pytest.mark.parametrize("where", ["port", "socket given", "path"])
def test_all_who_wait_are_let_in_where_uvloop_takes_one_in_a_turn(where: str, tmp_path: Path) -> None:
    folder = tmp_path if where == "path" else None
    assert run(let_in(where, folder)) == CALLERS
    if folder:
        (folder / "socket").unlink(missing_ok=True)
    assert 0 < run(let_in(where, folder), uvloop.new_event_loop) <= TURNS


def test_who_has_gone_again_keeps_nobody_out() -> None:
    async def call() -> int:
        async with serving() as connect:
            with ExitStack() as exits:
                callers = [exits.enter_context(connect()) for _ in range(CALLERS)]
                for each in callers[::2]:
                    each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # a reset, not an end
                    each.close()
                await turns(TURNS)
                return heard(callers[1::2])

    assert run(call()) == CALLERS // 2


def test_a_closed_server_lets_nobody_in() -> None:
    async def call() -> int:
        async with serving() as connect:
            with connect() as caller:
                address = caller.getpeername()
        with socket.socket() as late, pytest.raises(ConnectionRefusedError):
            late.connect(address)
        return 0

    run(call())


def test_files_are_closed_and_none_but_its_own() -> None:
    async def call() -> int:
        await let_in("port", None)  # what the loop opens for itself
        before = len(os.listdir("/proc/self/fd"))
        for _ in range(3):
            assert await let_in("port", None) == CALLERS
        return len(os.listdir("/proc/self/fd")) - before

    assert run(call()) == 0


def test_tls_is_spoken_with_all_of_them() -> None:
    authority = trustme.CA()
    own, trusted = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    authority.issue_cert("localhost").configure_cert(own)
    authority.configure_trust(trusted)

    async def call() -> int:
        async with serving(ssl=own) as connect:
            silent, other = connect(), connect()
            other.sendall(b"no TLS at all")
            asked = [
                asyncio.open_connection(sock=connect(), ssl=trusted, server_hostname="localhost")
                for _ in range(CALLERS)
            ]
            opened = await asyncio.gather(*asked)
            number = sum([await reader.read(2) == b"in" for reader, _ in opened])
            for _, writer in opened:
                writer.transport.abort()
            silent.close()
            other.close()
            return number

    assert run(call()) == CALLERS
