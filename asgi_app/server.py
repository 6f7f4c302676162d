"""The seam to the server: what uvicorn can't read is answered by nginx, in the form of all other answers."""

from __future__ import annotations

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from userdb.nginx_errors import MALFORMED


class Protocol(HttpToolsProtocol):
    """The server's own; only its reply to what is no request is replaced."""

    def send_400_response(self, msg: str) -> None:
        """Answer what was no request."""
        self.transport.write(MALFORMED)
        self.transport.close()
