"""The page: its files, what has changed since the browser last asked, and the one thing that can be done: start a blocker.

Only a page of this very address may do that: the name in `Host` is this machine's, so that no other name that resolves to it
gets in, and a press comes from the same origin.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from tandem.live import presses, told
from tandem.live.laboratory import Laboratory
from tandem.live.presses import PressRefusedError

WEB = Path(__file__).with_name("web")
PAGE_FILES = {
    "/": ("live.html", "text/html; charset=utf-8"),
    "/live.css": ("live.css", "text/css; charset=utf-8"),
    "/live.js": ("live.js", "text/javascript; charset=utf-8"),
    "/picture.js": ("picture.js", "text/javascript; charset=utf-8"),
}

PAGE_HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}

LARGEST = 1_000
"""Bytes of a press."""


class PressBody(msgspec.Struct, frozen=True):
    """What a press says."""

    kind: str
    wrong: bool
    times: int
    number: int


class OfThisMachine:
    """Refuses whoever came by another name."""

    def __init__(self, app: Callable[[Scope, Receive, Send], Awaitable[None]], hosts: list[str]) -> None:
        self.app, self.hosts = app, hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] == "http" and dict(scope["headers"]).get(b"host", b"").decode("latin-1") not in self.hosts:
            await _answer(421, {"detail": "This page is for 127.0.0.1 alone."})(scope, receive, send)
        else:
            await self.app(scope, receive, send)


def app(laboratory: Laboratory) -> OfThisMachine:
    """Return the application that serves the page of this laboratory."""
    port = laboratory.setup.port
    hosts = [f"127.0.0.1:{port}", f"localhost:{port}"]

    async def setup(_: Request) -> Response:
        return _answer(200, told.setup(laboratory))

    async def state(request: Request) -> Response:
        return _answer(200, told.state(laboratory, _numbers(request.query_params.get("since", ""))))

    async def predictions(request: Request) -> Response:
        given = [_numbers(request.query_params.get(name, "")) for name in ("times", "number")]
        if not all(given):
            return _answer(422, {"detail": "times and number must be given."})
        try:
            return _answer(200, told.predictions(laboratory, given[0][0], given[1][0]))
        except PressRefusedError as error:
            return _answer(422, {"detail": str(error)})

    async def press(request: Request) -> Response:
        if request.headers.get("origin") not in [f"http://{host}" for host in hosts]:
            return _answer(403, {"detail": "Only this page may start a blocker."})
        try:
            body = msgspec.json.decode(await _body(request), type=PressBody)
            found = presses.batch(laboratory.kinds, body.kind, body.wrong, body.times, body.number)
            return _answer(202, {"id": laboratory.press(found).id})
        except msgspec.DecodeError as error:
            return _answer(422, {"detail": str(error)})
        except PressRefusedError as error:
            return _answer(409, {"detail": str(error)})

    routes = [
        *(Route(path, _file(*file)) for path, file in PAGE_FILES.items()),
        Route("/setup", setup), Route("/state", state), Route("/predictions", predictions),
        Route("/press", press, methods=["POST"]),
    ]  # fmt: skip
    return OfThisMachine(Starlette(routes=routes), hosts)


def _file(name: str, kind: str) -> Callable[[Request], Awaitable[Response]]:
    content = (WEB / name).read_bytes()

    async def serve(_: Request) -> Response:
        return Response(content, headers={**PAGE_HEADERS, "content-type": kind})

    return serve


def _answer(status: int, body: object) -> Response:
    return Response(msgspec.json.encode(body), status, headers={**PAGE_HEADERS, "content-type": "application/json"})


def _numbers(text: str) -> list[int]:
    """Return the whole numbers that commas separate; none where one of them is something else."""
    parts = text.split(",")[:10]
    return (
        [int(part) for part in parts]
        if all(part.isascii() and part.isdigit() and len(part) < 16 for part in parts)
        else []
    )


async def _body(request: Request) -> bytes:
    """Return the body, or of one that is too large as much as shows that it is no press."""
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > LARGEST:
            return b""
    return body
