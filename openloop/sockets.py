"""Sockets that are connected to the host, with TLS where its URL says so."""

from __future__ import annotations

import ssl
from typing import Any
from urllib.parse import urlsplit

from gevent import socket
from gevent.monkey import get_original

_PlainSocket = get_original("socket", "socket")


class Sockets:
    """Opens them; a greenlet waits meanwhile, so long at most."""

    def __init__(self, host: str, timeout: float) -> None:
        parts = urlsplit(host)
        self._address = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
        self._tls = _trusting() if parts.scheme == "https" else None
        self._timeout = timeout

    def plain(self) -> Any:
        """One that nobody waits for any more, so it need not be one that gevent's greenlets can wait for. Raises OSError."""
        connected = self.connected()
        return connected if self._tls else _PlainSocket(fileno=connected.detach())

    def connected(self) -> Any:
        """One that a greenlet can wait for. Raises OSError."""
        connected = socket.create_connection(self._address, self._timeout)
        try:
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return self._tls.wrap_socket(connected, server_hostname=self._address[0]) if self._tls else connected
        except BaseException:
            connected.close()
            raise


def _trusting() -> ssl.SSLContext:
    """TLS as Locust does it: whoever answers is believed."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context
