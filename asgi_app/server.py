"""The seam to the server: what uvicorn can't read is answered by nginx, in the form of all other answers."""

from __future__ import annotations

from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from userdb import sockets
from userdb.nginx_errors import MALFORMED
from userdb.pools import State, of_seams


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
