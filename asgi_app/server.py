"""The seam to the server: what uvicorn can't read is answered by nginx, in the form of all other answers."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Any, cast

import uvloop
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from userdb import sockets
from userdb.nginx_errors import MALFORMED
from userdb.pools import State, of_seams

Factory = Callable[[], asyncio.BaseProtocol]

BACKLOG = 100
"""Connections that may wait where nothing is said: `create_server`'s own default."""


class Protocol(HttpToolsProtocol):
    """The server's own; only its reply to what is no request is replaced."""

    def __init__(self, *values: Any, **named: Any) -> None:
        super().__init__(*values, **named)
        requests = self.tasks  # of all connections
        of_seams["slots"] = lambda: State(len(requests), None, 0, None)  # it begins each at once

    def on_headers_complete(self) -> None:
        """Refuse a second Content-Type, as gunicorn does: whichever counts, somebody on the way may have taken the other."""
        if [name for name, _ in self.headers].count(b"content-type") > 1:
            raise ValueError("Content-Type is given twice")  # what the parser turns into what is no request
        super().on_headers_complete()

    def _should_upgrade(self) -> bool:
        """Whether this becomes a WebSocket: what is wrong with a request for one, the app says as to any other request."""
        names = (b"upgrade", b"sec-websocket-version", b"sec-websocket-key")
        found = (b",".join(value for each, value in self.headers if each == name).decode("latin-1") for name in names)
        is_asked = super()._should_upgrade() and self.scope["method"] == "GET"
        return is_asked and sockets.fault(*found) is None

    def _unsupported_upgrade_warning(self) -> None:
        """Say nothing to the log, where a stranger writes as often as it likes."""

    def send_400_response(self, msg: str) -> None:
        """Answer what was no request."""
        self.transport.write(MALFORMED)
        self.transport.close()


class Acceptor:
    """Accepts who waits behind the connection that the loop has just accepted."""

    def __init__(self, loop: Loop, factory: Factory, ssl: Any = None, backlog: int = BACKLOG, **_: Any) -> None:
        self._loop, self._factory, self._ssl, self._most = loop, factory, ssl, backlog
        self._is_due = False
        self._opening: set[asyncio.Task[None]] = set()  # an event loop keeps no task by itself
        self.server: asyncio.Server | None = None

    def first(self) -> asyncio.BaseProtocol:
        """The protocol of the connection that the loop has accepted; the others follow in its next turn."""
        if not self._is_due:
            self._is_due = True
            self._loop.call_soon(self._accept)
        return self._factory()

    def _accept(self) -> None:
        self._is_due = False
        for listening in self.server.sockets if self.server else ():  # none where it is closed
            borrowed = socket.socket(fileno=listening.fileno())
            try:
                for _ in range(self._most):
                    self._begin(borrowed.accept()[0])
            except OSError:
                pass  # nobody waits, or no file is left for one more, which the loop will see for itself
            finally:
                borrowed.detach()  # the loop closes it

    def _begin(self, connection: socket.socket) -> None:
        task = self._loop.create_task(self._open(connection))
        self._opening.add(task)
        task.add_done_callback(self._opening.discard)

    async def _open(self, connection: socket.socket) -> None:
        connection.setblocking(False)
        try:
            await self._loop.connect_accepted_socket(self._factory, connection, ssl=self._ssl)
        except OSError:  # it has gone, or could not agree on TLS
            connection.close()


class Loop(uvloop.Loop):
    """uvloop's, with all connections that wait to be accepted taken in one turn: `uvicorn --loop asgi_app.server:Loop`.

    libuv, on which uvloop stands, accepts one connection in each turn of its loop (libuv 1.45 and newer, its pull request 3696).
    A turn of a loop that is busy with hundreds of requests takes 0.1 s and more: ten new connections a second get in, and all
    others wait for seconds while requests on connections that are in are answered in a few turns. asyncio's own loop takes as
    many as its backlog in one turn, and so does this one. The kernel hands them out in the order in which they came.

    Where several processes listen at one socket, one of them takes all that wait. Here each has a port of its own.
    """

    async def create_server(self, protocol_factory: Factory, *where: Any, **how: Any) -> asyncio.Server:
        """As uvloop's."""
        acceptor = Acceptor(self, protocol_factory, **how)
        acceptor.server = cast(asyncio.Server, await super().create_server(acceptor.first, *where, **how))
        return acceptor.server

    async def create_unix_server(self, protocol_factory: Factory, *where: Any, **how: Any) -> asyncio.Server:
        """As uvloop's."""
        acceptor = Acceptor(self, protocol_factory, **how)
        acceptor.server = cast(asyncio.Server, await super().create_unix_server(acceptor.first, *where, **how))
        return acceptor.server
