"""A toy server whose faults are known because they were put in: it answers like the apps, but sleeps, stalls, hangs or refuses.

It is served as a stack like any other, by the server and the settings of the stack `asgi`. How it behaves comes from the
environment (`TOY=sleep_ms=10&stall_ms=100`) and can be changed while it runs (`GET /toy?sleep_ms=11`).
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import time
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from tandem.launch import readiness
from tandem.plan import stacks
from tandem.plan.definition import Definition
from tests.support import seeded

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

FORMS = ("/api/login", "/login", "/users/new")
HANDED_OUT = b'{"token":"toy"} name="csrf" value="toy"'
"""What probes go on with after a login or the page of a form."""

_USER = re.compile(r"/api/users/(\d{1,9})")


@dataclass(frozen=True)
class Manner:
    """How it behaves when it is asked for a user; everything else it answers at once."""

    sleep_ms: float = 0  # before each answer, never less than this
    stall_ms: float = 0  # for so long nothing moves at all …
    every_seconds: float = 8  # … each time this has passed
    refuse: float = 0  # 1: 503 at once, also to what would block
    hang: float = 0  # 1: never an answer
    most_per_second: float = 0  # a lock that lets no more through, without burning CPU; 0: none
    burn_ms: float = 0  # of CPU for each answer
    burn_share: float = 0  # of a CPU, all the time, asked or not

    @classmethod
    def of(cls, text: str) -> Manner:
        """Read it in the form `sleep_ms=10&stall_ms=100`."""
        return cls(**{name: float(value) for name, value in parse_qsl(text)})


class Toy:
    """The ASGI app."""

    def __init__(self, manner: Manner) -> None:
        self.manner = manner
        self._turn = 0.0  # when the lock lets the next one through

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request, or live as long as the server."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["path"] == "/lab/sleep":
            await self._block(int(scope["query_string"].removeprefix(b"ms=")), send)
        elif scope["path"] == "/healthz":
            await answer(send, 200, b'{"status":"ok"}')
        elif scope["method"] == "GET" and (found := _USER.fullmatch(scope["path"])):
            await self._user(int(found[1]), receive, send)
        else:
            if scope["path"] in FORMS:
                await answer(send, 200, HANDED_OUT, (b"set-cookie", b"session=toy"))
                return
            if scope["path"] == "/toy":
                self.manner = Manner.of(scope["query_string"].decode())
            if scope["path"] == "/toy/freeze":  # once, as soon as this is answered
                asyncio.get_running_loop().call_later(0.02, time.sleep, float(scope["query_string"]))
            known = scope["path"] in ("/toy", "/toy/freeze", "/readyz")
            await answer(send, 200 if known else 404, {"path": scope["path"]})

    async def _block(self, milliseconds: int, send: Send) -> None:
        if self.manner.refuse:
            await answer(send, 503, {"title": "no"})
            return
        time.sleep(milliseconds / 1000)  # noqa: ASYNC251  # to block the whole loop is the point
        await answer(send, 200, {"blocked_ms": milliseconds})

    async def _user(self, number: int, receive: Receive, send: Send) -> None:
        if self.manner.hang:
            while (await receive())["type"] != "http.disconnect":
                pass
        elif self.manner.refuse:
            await answer(send, 503, {"title": "no"})
        else:
            await self._queue()
            end = time.thread_time() + self.manner.burn_ms / 1000
            while time.thread_time() < end:
                pass
            await sleep(self.manner.sleep_ms / 1000)
            await answer(send, 200, seeded.user(number), (b"etag", b'"1"'))

    async def _queue(self) -> None:
        if self.manner.most_per_second:
            # Turns are handed out on a fixed grid, so that what the loop's timer is late is not lost.
            self._turn = max(time.monotonic(), self._turn + 1 / self.manner.most_per_second)
            await asyncio.sleep(self._turn - time.monotonic())

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        stalling = asyncio.create_task(self._stall())
        await send({"type": "lifespan.startup.complete"})
        await receive()
        stalling.cancel()
        with suppress(asyncio.CancelledError):
            await stalling
        await send({"type": "lifespan.shutdown.complete"})

    async def _stall(self) -> None:
        last = time.monotonic()
        while True:
            # An idle toy must not disturb what else is measured.
            await asyncio.sleep(0.005 if self.manner.stall_ms else 0.1)
            end = time.thread_time() + 0.1 * self.manner.burn_share
            while time.thread_time() < end:
                pass
            if self.manner.stall_ms and time.monotonic() - last >= self.manner.every_seconds:
                last = time.monotonic()
                time.sleep(self.manner.stall_ms / 1000)  # noqa: ASYNC251  # to block the whole loop is the point


async def sleep(seconds: float) -> None:
    """Sleep for so long, never less: the loop's timers count whole milliseconds, so the last one is waited out awake."""
    end = time.monotonic() + seconds
    await asyncio.sleep(max(0.0, seconds - 0.001))
    while time.monotonic() < end:  # noqa: ASYNC110  # there is no event to wait for, only the clock
        await asyncio.sleep(0)


async def answer(send: Send, status: int, body: object, *more: tuple[bytes, bytes]) -> None:
    """Send an answer, as JSON unless it is bytes."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    head = [(b"content-type", b"application/json"), (b"content-length", str(len(content)).encode()), *more]
    await send({"type": "http.response.start", "status": status, "headers": head})
    await send({"type": "http.response.body", "body": content})


def create_app() -> Toy:
    """Return the app in the manner that the environment asks for."""
    return Toy(Manner.of(os.environ.get("TOY", "")))


def definition(title: str = "A toy", manner: str = "") -> Definition:
    """Return the toy as a stack: the stack `asgi` with another app."""
    asgi = stacks.load()["asgi"]
    command = [part.replace("asgi_app.app:create_app", f"{__name__}:create_app") for part in asgi.command]
    assert command != asgi.command
    return msgspec.structs.replace(
        asgi, title=title, app="toy_app", command=command, environment={**asgi.environment, "TOY": manner}
    )


def stacks_file(definitions: dict[str, Definition]) -> str:
    """Return these stacks in the format of `tandem/plan/stacks.toml`; a TOML basic string is written as JSON writes one."""
    tables = []
    for name, each in definitions.items():
        facts = {key: value for key, value in msgspec.structs.asdict(each).items() if value not in (None, "", [], {})}
        del facts["application"]  # the row that `implements` names
        lines = [f"{key} = {_toml(value)}" for key, value in facts.items()]
        tables.append("\n".join([f"[{name}]", *lines]))
    return "\n\n".join(tables) + "\n"


def _toml(value: object) -> str:
    """Return a value as TOML has it: a dictionary as an inline table."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {json.dumps(each)}" for key, each in value.items()) + " }"
    return json.dumps(value)


def become(port: int, manner: str) -> None:
    """Have the toy on this port behave in another manner from now on."""
    _tell(port, f"/toy?{manner}")


def freeze(port: int, seconds: float) -> None:
    """Have the toy on this port stand still once, from now on."""
    _tell(port, f"/toy/freeze?{seconds:g}")
    time.sleep(0.05)


def _tell(port: int, target: str) -> None:
    status = readiness.get(port, target)
    if status != 200:
        raise RuntimeError(f"the toy on port {port} answers {status} to {target}")
