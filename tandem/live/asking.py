"""Asking: one GET on a connection of its own, and the clients that are blockers themselves."""

from __future__ import annotations

import asyncio
from contextlib import suppress

LONGEST = 15.0
"""Seconds after which a bystander gives up: so that those who wait are bounded, too."""

PATIENCE = 60.0
"""Seconds after which a blocker gives up."""

HANGS_UP = 0.05
"""Seconds after which a client that hangs up does so."""

STAYS = 10.0
"""Seconds for which a client that stays, or reads slowly, does so at most: an audience waits for it."""

PIECE, PAUSE = 2_000, 0.1
"""Bytes that a slow reader takes at once, and the seconds between."""


async def get(port: int, path: str, seconds: float) -> int:
    """Return the status, or 0 where there is no whole answer in time."""
    with suppress(OSError, TimeoutError, ValueError, asyncio.IncompleteReadError):
        async with asyncio.timeout(seconds):
            return await _get(port, path, slowly=False)
    return 0


async def block(port: int, path: str, client: str) -> int:
    """Return the status that a blocker got, or 0 where it left before, as it was meant to or because it took too long."""
    seconds = {"hangs up": HANGS_UP, "stays": STAYS, "reads slowly": STAYS}.get(client, PATIENCE)
    with suppress(OSError, TimeoutError, ValueError, asyncio.IncompleteReadError):
        async with asyncio.timeout(seconds):
            return await _get(port, path, slowly=client == "reads slowly")
    return 0


async def _get(port: int, path: str, slowly: bool) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=PIECE if slowly else 2**16)
    try:
        writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n".encode())
        status = int((await reader.readuntil(b"\r\n"))[9:12])
        while await reader.read(PIECE if slowly else 2**16):
            if slowly:
                await asyncio.sleep(PAUSE)
        return status
    finally:
        writer.transport.abort() if slowly else writer.close()
