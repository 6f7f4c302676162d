"""TCP ports on 127.0.0.1."""

from __future__ import annotations

import random
import socket
from collections import deque

from tandem.errors import TandemError

BELOW_EPHEMERAL = range(20_000, 32_000)
"""Outgoing connections take local ports from 32768 on; a server port from there could be gone between choice and use."""


def available(port: int) -> bool:
    """Tell whether a server could listen on this port now."""
    with socket.socket() as candidate:
        candidate.setsockopt(
            socket.SOL_SOCKET, socket.SO_REUSEADDR, 1
        )  # as servers do: connections that just ended don't count
        try:
            candidate.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


_given: deque[int] = deque(maxlen=1000)


def free_port() -> int:
    """Return a port that nothing listens on, and none of the last 1,000 that were returned: who got one may not listen yet."""
    for port in random.sample(BELOW_EPHEMERAL, 2000):
        if port not in _given and available(port):
            _given.append(port)
            return port
    raise TandemError("no free port between 20000 and 32000 on 127.0.0.1: stop what uses them")


def refuse_used(port: int, how_to_change: str) -> None:
    """Raise TandemError where something listens on this port already."""
    if not available(port):
        raise TandemError(
            f"port {port} on 127.0.0.1 is in use: stop what uses it, or choose another with {how_to_change}"
        )
