"""Asking: one request on a connection of its own, and the clients that are blockers themselves."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from typing import NamedTuple

BYSTANDER_GIVES_UP = 15.0
"""Seconds after which a bystander gives up: so that those who wait are bounded, too."""

BLOCKER_GIVES_UP = 60.0
"""Seconds after which a blocker gives up."""

HANGS_UP = 0.05
"""Seconds after which a client that hangs up does so."""

STAYS = 10.0
"""Seconds for which a client that stays, or reads or sends slowly, does so at most: an audience waits for it."""

PIECE, BIT, PAUSE = 2_000, 1, 0.1
"""Bytes that a slow reader takes at once, bytes that a slow sender gives at once, and the seconds between."""

BYTES_KEPT = 2**16
"""Bytes of an answer that are kept, about: what blocks may answer with megabytes."""


class LiveAnswer(NamedTuple):
    """What came of a request; the status is 0 where there was no whole answer in time."""

    status: int = 0
    head: bytes = b""
    body: bytes = b""


async def get(port: int, path: str, seconds: float) -> int:
    """Return the status, or 0 where there is no whole answer in time."""
    return (await ask(port, "GET", path, seconds)).status


async def block(port: int, path: str, client: str) -> int:
    """Return the status that a blocker got, or 0 where it left before, as it was meant to or because it took too long."""
    leaves = {"hangs up": HANGS_UP, "stays": STAYS, "reads slowly": STAYS, "sends slowly": STAYS}
    return (await ask(port, "GET", path, leaves.get(client, BLOCKER_GIVES_UP), client=client)).status


async def ask(
    port: int, method: str, path: str, seconds: float, *, body: object = None, token: str = "", client: str = ""
) -> LiveAnswer:
    """Return the answer to one request: of who has this token, and with this body as JSON, where there is one."""
    content = b"" if body is None else json.dumps(body).encode()
    lines = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{port}", "Connection: close"]
    lines += ["Content-Type: application/json", f"Content-Length: {len(content)}"] if content else []
    lines += [f"Authorization: Bearer {token}"] if token else []
    message = "\r\n".join([*lines, "", ""]).encode() + content
    with suppress(OSError, TimeoutError, ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        async with asyncio.timeout(seconds):
            return await _exchange(port, message, client)
    return LiveAnswer()


async def _exchange(port: int, message: bytes, client: str) -> LiveAnswer:
    slowly, piece = client == "reads slowly", BIT if client == "sends slowly" else len(message)
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=PIECE if slowly else 2**16)
    try:
        writer.write(message[:piece])
        for start in range(piece, len(message), piece):
            await asyncio.sleep(PAUSE)
            writer.write(message[start : start + piece])
        head, body = await reader.readuntil(b"\r\n\r\n"), b""
        status = int(head[9:12])
        while data := await reader.read(PIECE if slowly else 2**16):
            body += data if len(body) < BYTES_KEPT else b""
            if slowly:
                await asyncio.sleep(PAUSE)
        return LiveAnswer(status, head, body)
    finally:
        writer.transport.abort() if slowly else writer.close()
