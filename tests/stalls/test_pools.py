"""A loop may be healthy while nobody is served: who waits for a thread or a connection is seen."""

from __future__ import annotations

import asyncio
import contextvars
import threading
import time
from typing import Any

import anyio.to_thread

from stalls.asgi import StallsMiddleware
from stalls.pools import Pool, Waiting
from stalls.record import Stall
from stalls.requests import Request, current
from stalls.writer import Writer

HELD = 1.0  # seconds: long beside what a busy machine keeps the watching thread waiting


def block() -> None:
    time.sleep(HELD)  # here


def test_the_threads_of_anyio() -> None:
    """Four calls for two threads: found without being told of, with the line in which the threads stood."""
    stalls: list[Stall] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await anyio.to_thread.run_sync(block)

    async def main() -> None:
        anyio.to_thread.current_default_thread_limiter().total_tokens = 2
        middleware = StallsMiddleware(app, stalls.append, threshold=0.05)
        scope = {"type": "http", "path": "/", "method": "GET", "headers": []}
        await asyncio.gather(*(asyncio.ensure_future(middleware(dict(scope), None, None)) for _ in range(4)))  # type: ignore[arg-type]  # neither is called
        await asyncio.sleep(0.1)
        middleware.stop()

    asyncio.run(main())
    stall = max((stall for stall in stalls if stall.kind == "pool"), key=lambda stall: stall.seconds)
    assert (stall.watched, stall.waiting) == ("threads", 2)
    assert (stall.lines[0].function, stall.lines[0].inside) == ("block", "sleep")
    assert stall.route == "GET /"  # of those who had the threads


def test_who_waits_for_a_connection() -> None:
    stalls: list[Stall] = []
    writer = Writer(stalls.append)
    connections = Waiting()
    pool = Pool(writer, 0.05, "connections", connections)

    def wait() -> None:
        with connections:
            time.sleep(HELD)

    clients = [threading.Thread(target=wait) for _ in range(3)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    assert connections() == 0
    time.sleep(0.1)
    pool.stop()
    writer.stop()
    (stall,) = stalls
    assert (stall.watched, stall.kind, stall.waiting, stall.lines) == ("connections", "pool", 3, ())


def test_whose_request_holds_what_the_others_wait_for() -> None:
    """Told what is lent, it names the request that has it; counted are those, too, of whom a number is all that is known."""
    stalls: list[Stall] = []
    writer = Writer(stalls.append)
    connections = Waiting()
    holder, waiter = (Request(name, (f"GET /{name}").__str__, 0.0) for name in ("holder", "waiter"))

    def hold() -> None:
        current.set(holder)
        connections.lent("the only one")

    def wait() -> None:
        current.set(waiter)
        with connections:
            time.sleep(HELD)

    contextvars.copy_context().run(hold)
    connections.also(lambda: 2 * bool(connections.waiters()))
    pool = Pool(writer, 0.05, "connections", connections)
    contextvars.copy_context().run(wait)
    connections.back("the only one")
    assert connections.holders() == []
    time.sleep(0.1)
    pool.stop()
    writer.stop()
    (stall,) = stalls
    assert (stall.route, stall.request, stall.requests) == ("GET /holder", "holder", ("waiter", "holder"))
    assert stall.waiting == 3


def test_who_begins_to_wait_and_ends_in_another_context_waits_no_more() -> None:
    connections = Waiting()

    def begin() -> None:
        current.set(Request("a", str, 0.0))
        connections.__enter__()

    contextvars.copy_context().run(begin)
    assert connections() == 1
    connections.__exit__(None, None, None)
    assert connections() == 0


def test_nobody_waits() -> None:
    stalls: list[Stall] = []
    writer = Writer(stalls.append)
    pool = Pool(writer, 0.05, "connections", Waiting())
    time.sleep(0.15)
    pool.stop()
    writer.stop()
    assert stalls == []
