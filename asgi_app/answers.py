"""How an answer leaves: at once, in pieces, or open until somebody ends it. Starlette adds nothing to it."""

from __future__ import annotations

import asyncio
from contextlib import aclosing, suppress

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from userdb import sockets, wire


class Reply(Response):
    """An answer as it is: nothing added."""

    def __init__(self, answer: wire.Answer) -> None:
        self.status_code = answer.status
        self.raw_headers = [(name.encode(), value.encode()) for name, value in answer.headers]
        self.body = answer.body
        self.background = None


class StaysOpen(Reply):
    """An answer that stays open, until its time is over, its client has gone, or the server ends."""

    def __init__(self, answer: wire.Open) -> None:
        super().__init__(answer)
        self._waits = answer.waits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        waits = self._waits() if scope["method"] != "HEAD" else ()
        with suppress(asyncio.CancelledError):  # the server ends, and so does the answer
            for seconds in waits:
                await send({"type": "http.response.body", "body": self.body, "more_body": True})
                if await hangs_up(receive, seconds):
                    return
        await send({"type": "http.response.body"})


class Streams(Reply):
    """An answer in pieces, each made when the one before it is on its way, and none for a client that has gone."""

    def __init__(self, answer: wire.Streamed) -> None:
        super().__init__(answer)
        self._pieces = answer.pieces

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with aclosing(self._pieces):
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            if scope["method"] != "HEAD":
                await send({"type": "http.response.body", "body": self.body, "more_body": True})
                while (
                    not (is_gone := await hangs_up(receive, 0))
                    and (piece := await anext(self._pieces, None)) is not None
                ):
                    if piece:
                        await send({"type": "http.response.body", "body": piece, "more_body": True})
                if is_gone:
                    return
            await send({"type": "http.response.body"})


class Socket(Reply):
    """A WebSocket: each line is a message, until the server ends, or its client goes or says what it should not."""

    def __init__(self, answer: wire.Socket) -> None:
        super().__init__(answer)
        self._first, self._pieces = answer.body, answer.pieces

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with aclosing(self._pieces):
            with suppress(OSError):  # what uvicorn raises where the client has gone
                await send({"type": "websocket.accept", "status": self.status_code, "headers": self.raw_headers})
                piece: bytes | None = self._first
                while piece is not None:
                    for line in piece.splitlines():
                        await send({"type": "websocket.send", "text": line.decode()})
                    if await hangs_up(receive, 0):
                        return
                    piece = await anext(self._pieces, None)
                code, reason = sockets.SERVER_ENDS
                await send({"type": "websocket.close", "code": code, "reason": reason})


def respond(answer: wire.Answer) -> Response:
    """The answer, byte for byte."""
    if isinstance(answer, wire.Socket):
        return Socket(answer)
    if isinstance(answer, wire.Streamed):
        return Streams(answer)
    return StaysOpen(answer) if isinstance(answer, wire.Open) else Reply(answer)


async def hangs_up(receive: Receive, seconds: float) -> bool:
    """Whether the client closes its connection within so many seconds."""
    try:
        async with asyncio.timeout(seconds):
            while (await receive())["type"] not in ("http.disconnect", "websocket.disconnect"):
                pass
            return True
    except TimeoutError:
        return False
