"""Oldest first, wherever something waits in the direct stores and for the news service: nobody is passed by a newcomer."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest

import asgi_app.stores.readers
import asgi_app.stores.writer
import wsgi_app.stores.readers
import wsgi_app.stores.writer
from tests.support.waiting import eventually
from userdb import groups
from userdb.groups import Call, Outcome
from userdb.queues import Oldest

MANY = 100


def asked(number: int) -> Any:
    """A unit that is told apart."""
    return number


def numbers(calls: list[Call]) -> list[Any]:
    """Which units these are."""
    return [call() for call in calls]


@pytest.mark.asyncio
@pytest.mark.parametrize("connections", [1, 3])
async def test_an_event_loop_reads_in_the_order_in_which_it_was_asked(connections: int) -> None:
    order: list[int] = []

    async def read(connection: object, calls: list[Call]) -> list[Outcome]:
        order.extend(numbers(calls))
        await asyncio.sleep(0)
        return [Outcome(number) for number in numbers(calls)]

    readers: asgi_app.stores.readers.Readers[object] = asgi_app.stores.readers.Readers(read)
    for _ in range(connections):
        readers.add(object())
    first = [asyncio.ensure_future(readers.result(partial(asked, number))) for number in range(MANY)]
    await asyncio.sleep(0)  # who comes in the middle waits behind them
    others = [asyncio.ensure_future(readers.result(partial(asked, number))) for number in range(MANY, 2 * MANY)]
    assert await asyncio.gather(*first, *others) == list(range(2 * MANY))
    assert order == list(range(2 * MANY))


@pytest.mark.asyncio
async def test_an_event_loop_writes_in_the_order_in_which_it_was_asked() -> None:
    order: list[list[int]] = []

    async def write(calls: list[Call]) -> list[Outcome]:
        order.append(numbers(calls))
        await asyncio.sleep(0)
        return [Outcome(number) for number in numbers(calls)]

    writer = asgi_app.stores.writer.Writer(write, MANY)
    found = await asyncio.gather(*[writer.written(partial(asked, number)) for number in range(MANY)])
    assert found == list(range(MANY))
    assert [number for group in order for number in group] == list(range(MANY))
    assert len(order[0]) == groups.MOST


def test_threads_write_in_the_order_in_which_they_asked() -> None:
    order: list[int] = []
    begun, gate = threading.Event(), threading.Event()

    def write(calls: list[Call]) -> list[Outcome]:
        begun.set()
        gate.wait(60)
        order.extend(numbers(calls))
        return [Outcome() for _ in calls]

    writer = wsgi_app.stores.writer.Writer(write, MANY)
    with ThreadPoolExecutor(30) as pool:
        pool.submit(writer.written, partial(asked, 0))
        assert begun.wait(60)
        for number in range(1, 30):
            pool.submit(writer.written, partial(asked, number))
            assert eventually(lambda number=number: len(writer._waiting) == number)  # type: ignore[misc]  # the default of a lambda has no type
        gate.set()
    writer.close()
    assert order == list(range(30))


def test_threads_read_in_the_order_in_which_they_asked() -> None:
    """While all wait, newcomers come as fast as they can: none of them passes."""
    order: list[int] = []

    def read(connection: object, call: Call) -> None:
        order.append(call())  # type: ignore[arg-type]  # asked returns a number

    readers: wsgi_app.stores.readers.Readers[object] = wsgi_app.stores.readers.Readers(read)
    with ThreadPoolExecutor(30) as pool:
        for number in range(30):
            pool.submit(readers.result, partial(asked, number))
            assert eventually(lambda number=number: len(readers._idle._waiting) == number + 1)  # type: ignore[misc]  # the default of a lambda has no type
        readers.add(object())
    assert order == list(range(30))


def test_what_is_given_back_is_handed_on_and_not_left_to_whoever_is_faster() -> None:
    things: Oldest[str] = Oldest()
    taken: deque[str] = deque()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(things.take, 60)
        assert eventually(lambda: len(things._waiting) == 1)
        things.give("a")
        with pytest.raises(TimeoutError):
            things.take(0)  # a newcomer, before the other thread has done anything with it
        taken.append(waiting.result())
    things.give(taken.pop())
    assert things.take(0) == "a"


def test_who_waits_no_longer_gets_nothing() -> None:
    things: Oldest[str] = Oldest()
    with pytest.raises(TimeoutError):
        things.take(0.01)
    things.give("a")
    assert things.take(0) == "a"


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is refused because this machine is slow."""
    for app in ("wsgi", "asgi"):
        monkeypatch.setattr(f"{app}_app.stores.writer.WAIT", 60.0)
    monkeypatch.setattr("wsgi_app.stores.readers.WAIT", 60.0)
