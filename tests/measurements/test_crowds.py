"""Crowds of clients: who is held, who is sent away, who listens."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from itertools import count
from typing import Any
from unittest.mock import Mock


def test_a_crowd_is_held_where_it_was_answered_and_not_sent_away(script: Any) -> None:
    crowd = script("crowd")
    numbers = count()

    ended = asyncio.Semaphore(0)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        if next(numbers) % 2:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            await reader.read()
        writer.close()
        await writer.wait_closed()
        ended.release()

    async def held() -> Any:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        guests = await crowd.come(server.sockets[0].getsockname()[1], crowd.CROWDS["kept alive"], 10)
        found = [guest.held for guest in guests].count(True)
        for guest in guests:
            guest.transport.close()
        for _ in guests:
            await ended.acquire()
        server.close()
        return found

    assert asyncio.run(held()) == 5


def test_a_listener_notes_when_it_began_and_each_event_that_came(script: Any) -> None:
    listeners, noted = script("listeners"), asyncio.Event()
    listener = listeners.Listener(noted, listeners.KINDS["stream"])
    assert not listener.began
    listener.data_received(b"HTTP/1.1 200 OK\r\n\r\nretry: 1000\nid: 0\n\n")
    assert (listener.began, listener.came, noted.is_set()) == (True, {}, True)
    for number in (1, 2):
        listener.data_received(b'id: %d\nevent: changed\ndata: {"user_id":7,"version":2}\n\n' % number)
    listener.data_received(b":\n\n")
    assert list(listener.came) == [0, 1]
    other = listeners.Listener(noted, listeners.KINDS["socket"])
    other.connection_made(transport := Mock())
    for data in (b"HTTP/1.1 101 Switching Protocols\r\n\r\n", b"\x89\x04ping", b'\x81\x02{"id":7,"type":"changed"}'):
        other.data_received(data)
    assert (other.began, list(other.came)) == (True, [0])
    assert transport.write.call_args.args == (b"\x8a\x84\0\0\0\0ping",)
    asyncio.run(listeners.until(noted, lambda: True))
    found = listeners.Heard(2, 8.0, [0.5, 0.25], 0, [1.0] * 100, [2.0] * 100, 0)
    assert "| `asgi` | 2 | 2 | 8.0 KiB | 0.38 s, at most 0.50 s | 0 |" in listeners.row("asgi", 2, found)


def test_who_reads_slowly_takes_a_few_kilobytes_of_a_large_answer(script: Any) -> None:
    crowd = script("crowd")
    size = 4_000_000

    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size + bytes(size))
        with contextlib.suppress(ConnectionError):
            await writer.drain()
            drained.append(writer)
        writer.close()

    async def held() -> Any:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        guests = await crowd.come(server.sockets[0].getsockname()[1], crowd.CROWDS["reads slowly"], 3)
        found = [guest.held for guest in guests]
        for guest in guests:
            guest.transport.abort()
        server.close()
        return found

    drained: list[asyncio.StreamWriter] = []
    assert asyncio.run(held()) == [True] * 3
    assert drained == []


def test_who_sends_slowly_is_held_once_its_body_is_asked_for_and_sends_a_byte_of_it(script: Any) -> None:
    crowd = script("crowd")
    numbers, sent = count(), list[bytes]()
    begun, ended = asyncio.Semaphore(0), asyncio.Semaphore(0)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        assert b"Content-Length: %d\r\n" % crowd.BODY_BYTES in head
        if next(numbers) % 2:
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            sent.append(await reader.read(crowd.BODY_BYTES))
            begun.release()
            with contextlib.suppress(ConnectionError):
                await reader.read()
        else:
            writer.write(b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\n\r\n")
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
        ended.release()

    async def held() -> Any:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        guests = await crowd.come(server.sockets[0].getsockname()[1], crowd.CROWDS["sends slowly"], 6)
        for _ in range(3):
            await begun.acquire()
        found = [guest.held for guest in guests]
        for guest in guests:
            guest.transport.abort()
        for _ in guests:
            await ended.acquire()
        server.close()
        return found.count(True)

    assert asyncio.run(held()) == 3
    assert sent == [b" "] * 3


def test_a_crowd_without_a_server_is_none(script: Any) -> None:
    crowd = script("crowd")
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # and does not listen
        assert asyncio.run(crowd.come(closed.getsockname()[1], crowd.CROWDS["kept alive"], 3)) == []
        assert asyncio.run(crowd.asked(closed.getsockname()[1])) is None
