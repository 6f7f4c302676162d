"""The seam to a connection that has become a WebSocket: wsproto's frames on gunicorn's socket, by the thread that it holds.

simple-websocket would take a second thread for each, and lose what the socket doesn't take at once.
"""

from __future__ import annotations

import socket
from time import monotonic

from wsproto.connection import Connection, ConnectionState, ConnectionType
from wsproto.events import BytesMessage, CloseConnection, Event, Ping, Pong, TextMessage

from userdb import sockets
from userdb.sockets import Ending

HEAD = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n"
)


class SocketProtocol:
    """One of them: nothing that a client sends is kept, and who is silent, or says more than a listener has to, is sent away."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket, self._frames = connection, Connection(ConnectionType.SERVER)
        self._heard = 0  # bytes since the last ping
        self._since, self._is_asked = monotonic(), False  # since the last ping or its answer, and whether it is a ping
        self._socket.settimeout(sockets.PATIENCE)

    def accept(self, key: str) -> None:
        """Say that what comes now are frames."""
        self._socket.sendall(HEAD % sockets.accepted(key).encode())

    def say(self, line: bytes) -> None:
        """Send a message. Raises OSError where the client takes none."""
        self._send(TextMessage(line.decode()))

    def hear(self) -> bool:
        """Whether the client is still there, and well-behaved, by what it has sent."""
        while data := self._received():
            self._heard += len(data)
            if self._heard > sockets.MOST:
                return self.end(sockets.SENT_TOO_MUCH)
            self._frames.receive_data(data)
            if not all(map(self._takes, self._frames.events())):
                return False
        return data is None and self._is_answered()

    def end(self, ending: Ending) -> bool:
        """Say why, and give the client a moment to read it; then it is over, and this is False."""
        self._send(CloseConnection(*ending))
        deadline = monotonic() + sockets.FAREWELL
        while self._frames.state is ConnectionState.LOCAL_CLOSING and (left := deadline - monotonic()) > 0:
            self._socket.settimeout(left)
            data = self._socket.recv(sockets.MOST)
            self._heard += len(data)
            if not data:
                break
            if self._heard <= sockets.MOST:
                self._frames.receive_data(data)
                list(self._frames.events())
        return False

    def _received(self) -> bytes | None:
        """What has come: None where nothing has, and nothing at all where the client has gone."""
        self._socket.settimeout(0)
        try:
            return self._socket.recv(sockets.MOST + 1)
        except BlockingIOError:
            return None
        finally:
            self._socket.settimeout(sockets.PATIENCE)

    def _takes(self, event: Event) -> bool:
        """Whether it goes on after what the client said."""
        if isinstance(event, Ping):
            self._send(event.response())
        elif isinstance(event, Pong):
            self._since, self._is_asked = monotonic(), False
        elif isinstance(event, TextMessage | BytesMessage):
            return not event.message_finished or self.end(sockets.SPOKE)
        elif isinstance(event, CloseConnection):
            if self._frames.state is not ConnectionState.REMOTE_CLOSING:
                return self.end(Ending(event.code, event.reason or ""))  # what came is no frame
            self._send(event.response())
            return False
        return True

    def _is_answered(self) -> bool:
        """Whether the last ping was, or may still be; after a while of silence there is another one."""
        waited = monotonic() - self._since
        if self._is_asked and waited >= sockets.PATIENCE:
            return self.end(sockets.IS_SILENT)
        if not self._is_asked and waited >= sockets.SILENCE:
            self._send(Ping())
            self._heard, self._since, self._is_asked = 0, monotonic(), True
        return True

    def _send(self, event: Event) -> None:
        self._socket.sendall(self._frames.send(event))
