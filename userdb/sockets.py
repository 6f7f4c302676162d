"""WebSocket (RFC 6455), as far as both apps agree on it: who may change to it, what a client may send, and how it ends.

A client only listens: what it sends beside pings, pongs and its farewell ends the connection. The frames are wsproto's, in both.
"""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha1
from typing import NamedTuple

from userdb import errors

PATH = "/api/events/ws"

MOST = 4096
"""Bytes that a client may send between two pings: what it has to say takes less than 200."""

SILENCE = 5.0
"""Seconds between the answer to a ping and the next one."""

PATIENCE = 10.0
"""Seconds that a client has to answer a ping, or to take what is sent to it."""

FAREWELL = 1.0
"""Seconds that it has to read why the connection ends, before it does."""

_KEY = re.compile(r"[A-Za-z0-9+/]{22}==\Z")  # 16 bytes
_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # of RFC 6455, 1.3


class Ending(NamedTuple):
    """Why a connection ends: a code of RFC 6455, 7.4.1, and a sentence. What is no frame ends with wsproto's own, 1002 mostly."""

    code: int
    reason: str


SERVER_ENDS = Ending(1001, "The server ends: come again in a second.")
SPOKE = Ending(1003, "Nothing is taken here: this only tells.")
SENT_TOO_MUCH = Ending(1009, f"More than {MOST} bytes came between two pings.")
IS_SILENT = Ending(1011, f"A ping was not answered within {PATIENCE:.0f} s.")


def fault(upgrade: str | None, version: str | None, key: str | None) -> errors.Problem | None:
    """What is wrong with a request for a WebSocket, by its headers Upgrade and Sec-WebSocket-Version and -Key."""
    if upgrade is None or upgrade.lower() != "websocket" or version != "13":
        return errors.UpgradeRequired()
    if not _KEY.match(key or ""):
        return errors.BadRequest("Sec-WebSocket-Key must be 16 bytes in base64.")
    return None


def accepted(key: str) -> str:
    """What shows the client of this key that its request was understood: Sec-WebSocket-Accept."""
    return b64encode(sha1((key + _GUID).encode(), usedforsecurity=False).digest()).decode()
