"""Clients that are the trouble themselves: each has a connection of its own, and leaves at a moment that is known beforehand.

None counts among the requests in flight, so that a crowd of them takes no arrival's place.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from contextlib import closing
from typing import Any

from gevent import Timeout, sleep, socket
from gevent.pool import Group

from openloop.arrival import FAILED, OK, UNFINISHED, Arrival, now

PIECE_SECONDS = 0.1
"""Seconds between two pieces that one sends or reads slowly."""

SMALL = 2048
"""Bytes that the kernel may hold for one that reads slowly; else it would read in its place."""


Over = Callable[[int, str], None]


@dataclasses.dataclass(frozen=True)
class Manner:
    """How a client behaves: it leaves so many seconds after it was let in, answered or not.

    `reads` and `sends` are bytes per second, 0 for as fast as it goes. `served` is whether it has failed without the
    beginning of an answer.
    """

    seconds: float
    reads: int = 0
    sends: int = 0
    served: bool = False


class Crowd:
    """All of them of one process; `connect` opens a connection."""

    def __init__(self, connect: Callable[[], Any]) -> None:
        self._connect, self._all = connect, Group()

    def admit(self, arrival: Arrival, message: bytes, manner: Manner, over: Over) -> None:
        """Let one come now; `over` is told what became of it, and why it failed."""
        arrival.sent = now()
        self._all.spawn(self._visit, arrival, message, manner, over)

    def close(self) -> None:
        """Send all away that are still there."""
        sleep(0)  # who has not begun would not be accounted for
        self._all.kill()

    def _visit(self, arrival: Arrival, message: bytes, manner: Manner, over: Over) -> None:
        outcome, reason = UNFINISHED, "unfinished: still there when the run ended"
        try:
            with closing(self._connect()) as connection, Timeout(manner.seconds, False):
                _behave(connection, arrival, message, manner)
            outcome, reason = _became(arrival.status, manner)
        except (OSError, ValueError) as error:
            outcome, reason = FAILED, f"no whole answer: {error!r}"[:200]
        finally:
            arrival.end = now()
            over(outcome, reason)


def _behave(connection: Any, arrival: Arrival, message: bytes, manner: Manner) -> None:
    """Ask, and read to the end."""
    connection.settimeout(None)  # it leaves when it is to leave
    if manner.reads:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL)
    _send(connection, message, manner.sends)
    head = b""
    while b"\r\n" not in head:
        head += (got := connection.recv(64))
        if not got:
            raise ConnectionResetError("the server closed the connection")
    arrival.status = int(head[9:12])
    while connection.recv(max(1, int(manner.reads * PIECE_SECONDS)) if manner.reads else 1 << 16):
        if manner.reads:
            sleep(PIECE_SECONDS)


def _send(connection: Any, message: bytes, speed: int) -> None:
    piece = max(1, int(speed * PIECE_SECONDS)) if speed else len(message)
    for start in range(0, len(message), piece):
        connection.sendall(message[start : start + piece])
        if speed:
            sleep(PIECE_SECONDS)


def _became(status: int, manner: Manner) -> tuple[int, str]:
    """What becomes of one that has left, by the status it got, 0 where none came."""
    if status >= 400:
        return FAILED, f"status {status}"
    if manner.served and not status:
        return FAILED, f"no beginning of an answer within {manner.seconds:.1f} s"
    return OK, ""
