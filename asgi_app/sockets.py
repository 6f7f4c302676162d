"""The seam to a connection that has become a WebSocket: wsproto's frames in uvicorn's own protocol, which lacks some manners.

It would hang up without a word on what is no frame, take any number of pings, wait for ever for who reads nothing, and end with
its server before the app has said why.
"""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any

from uvicorn.protocols.websockets.wsproto_impl import WSProtocol
from wsproto import WSConnection
from wsproto.connection import ConnectionState, ConnectionType
from wsproto.events import BytesMessage, CloseConnection, Event, RejectConnection, TextMessage

from userdb import sockets
from userdb.sockets import Ending

HOLDS_SOCKETS = "holds_sockets"
"""What the app finds in its state where this is how it is served: others send no pings, or take any message."""

logger = logging.getLogger("uvicorn.error.sockets")
logger.setLevel(logging.WARNING)  # else each that opens one, or is refused, writes a line


class Frames(WSConnection):
    """What is sent and what came, with the words that belong to the status of a refusal: wsproto sends none."""

    def send(self, event: Event) -> bytes:
        """The bytes of one thing."""
        data = super().send(event)
        if isinstance(event, RejectConnection):
            data = data.replace(b" \r\n", f" {HTTPStatus(event.status_code).phrase}\r\n".encode(), 1)
        return data


class SocketProtocol(WSProtocol):
    """One of them: nothing that a client sends is kept, and who is silent, or says more than a listener has to, is sent away."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.conn, self.logger = Frames(ConnectionType.SERVER), logger
        self.ping_interval, self.ping_timeout = sockets.SILENCE, sockets.PATIENCE
        self.app_state = {**self.app_state, HOLDS_SOCKETS: True}
        self.close_timeout = sockets.FAREWELL
        self.config.ws_per_message_deflate = False  # it would take more memory than all else of a connection
        self.heard = 0  # bytes since the last ping

    def data_received(self, data: bytes) -> None:
        """Take in what the client sent, unless that is too much."""
        if self.handshake_complete:
            self.heard += len(data)
            if self.heard > sockets.MOST:
                if not self.close_sent:
                    self.end(sockets.SENT_TOO_MUCH)
                return
        super().data_received(data)

    def handle_message(self, event: TextMessage | BytesMessage) -> None:
        """End it: a listener has nothing to say."""
        if event.message_finished:
            self.end(sockets.SPOKE)

    def handle_close(self, event: CloseConnection) -> None:
        """End it as the client wants, or say that what it sent is no frame."""
        if self.close_sent or self.conn.state is ConnectionState.REMOTE_CLOSING:
            super().handle_close(event)
        else:
            self.end(Ending(event.code, event.reason or ""))

    def send_keepalive_ping(self) -> None:
        """Ask whether the client is there."""
        self.heard = 0
        super().send_keepalive_ping()

    def keepalive_timeout(self) -> None:
        """End it: it is not."""
        if not self.close_sent and not self.transport.is_closing():
            self.end(sockets.IS_SILENT)

    def shutdown(self) -> None:
        """Leave one that is open to the app, which ends it by itself."""
        if self.close_sent or not self.handshake_complete:
            super().shutdown()

    def end(self, ending: Ending) -> bool:
        """Say why, and give the client a moment to read it; then it is over, and this is False."""
        self.close_sent = True
        self.stop_keepalive()
        self.queue.put_nowait({"type": "websocket.disconnect", "code": ending.code, "reason": ending.reason})
        self.transport.write(self.conn.send(CloseConnection(*ending)))
        self.close_timer = self.loop.call_later(self.close_timeout, self.transport.abort)
        return False
