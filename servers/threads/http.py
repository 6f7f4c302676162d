"""The seam to Starlette for handlers that are plain functions, each in a thread of its pool: asgi_app's, but for what waits."""

from __future__ import annotations

from collections.abc import Callable
from time import sleep
from typing import TypeVar

import msgspec
from anyio import from_thread
from starlette.concurrency import iterate_in_threadpool
from starlette.requests import Request as Request
from starlette.responses import Response as Response

from asgi_app.answers import respond as sent
from asgi_app.http import body as awaited_body
from asgi_app.http import (
    header,
    install,
    path_value,
    preconditions,
    query,
    services,
    socket_key,
    trace_parent,
)
from userdb import wire
from userdb.forms import LARGEST_BODY

__all__ = [
    "Request",
    "Response",
    "body",
    "header",
    "install",
    "path_value",
    "pause",
    "preconditions",
    "query",
    "run_in_own_thread",
    "run_in_thread",
    "services",
    "socket_key",
    "trace_parent",
    "while_listened",
]  # fmt: skip

Argument = TypeVar("Argument")
Result = TypeVar("Result")


def respond(answer: wire.Answer) -> Response:
    """The answer, byte for byte; what makes its pieces runs in threads."""
    if isinstance(answer, wire.Streamed):
        return sent(msgspec.structs.replace(answer, pieces=iterate_in_threadpool(answer.pieces)))
    return sent(answer)


def body(request: Request, most: int = LARGEST_BODY) -> bytes:
    """The whole body, which the event loop reads while this thread waits. Raises TooLarge beyond so many bytes."""
    return from_thread.run(awaited_body, request, most)


def while_listened(request: Request, call: Result) -> Result:
    """The result of a call that the client waits for: a thread that waits for something else can't notice who hangs up."""
    return call


def run_in_thread(call: Callable[[Argument], Result], argument: Argument) -> Result:
    """Run a blocking call where it holds up no other request: here, in the thread that this request has."""
    return call(argument)


def run_in_own_thread(call: Callable[[Argument], Result], argument: Argument) -> Result:
    """The same in one of a few threads that nobody else waits for: here, it has one already."""
    return call(argument)


def pause(seconds: float) -> None:
    """Wait so long, in the thread that this request has."""
    sleep(seconds)
