"""An answer that is sent in pieces, as a server has it made: each piece is read before the next one is asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import closing

from starlette.types import Message
from werkzeug.test import create_environ

import wsgi_app.app
from asgi_app.app import create_app
from tests.asgi.server import Lifespan
from userdb.settings import Settings

Read = Callable[[bytes], bool]
NONE: Mapping[str, str] = {}


def pieces(app: str, settings: Settings, path: str, read: Read, headers: Mapping[str, str] = NONE) -> None:
    """Ask an app as a server does and hand each piece to `read`; the client is gone when that returns False."""
    if app == "wsgi":
        wsgi = wsgi_app.app.create_app(settings)
        found = wsgi(create_environ(path, headers=dict(headers)), lambda *_: lambda data: None)
        with closing(found):  # type: ignore[type-var]  # as every server does where there is one
            all(read(piece) for piece in found)
        wsgi.extensions["services"].news.close()
        wsgi.extensions["services"].store.close()
    else:
        asyncio.run(_pieces(settings, path, read, headers))


async def _pieces(settings: Settings, path: str, read: Read, headers: Mapping[str, str]) -> None:
    app, gone = Lifespan(create_app(settings)), asyncio.Event()
    sent = [(name.lower().encode(), value.encode()) for name, value in headers.items()]

    async def receive() -> Message:
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        if message.get("more_body") and not await asyncio.to_thread(read, message["body"]):
            gone.set()

    await app.start()
    await app({"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": sent}, receive, send)
    await app.stop()
