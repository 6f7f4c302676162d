"""Whoever hangs up while it waits in the direct store harms nobody.

Before its turn nothing is done; then all is done as if it had stayed.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

import pytest

from asgi_app.stores import readers, writer
from userdb.groups import Call, Outcome

CONNECTIONS, WAITING = 100, 2000


def asked(number: int) -> Any:
    """A unit that is told apart."""
    return number


class Disk:
    """Writes a group when it is told to."""

    def __init__(self) -> None:
        self.written: list[Any] = []
        self.gate = asyncio.Event()

    async def write(self, calls: list[Call]) -> list[Outcome]:
        """Write them all."""
        found = [call() for call in calls]
        await self.gate.wait()
        self.written += found
        return [Outcome(each) for each in found]


@pytest.mark.asyncio
async def test_a_change_whose_client_is_gone_before_its_turn_is_not_made() -> None:
    disk = Disk()
    waiting = writer.Writer(disk.write, 10)
    first = asyncio.ensure_future(waiting.written(partial(asked, 1)))
    await asyncio.sleep(0.01)  # it is being written
    gone, stays = [asyncio.ensure_future(waiting.written(partial(asked, number))) for number in (2, 3)]
    await asyncio.sleep(0)
    gone.cancel()
    disk.gate.set()
    assert [await first, await stays] == [1, 3]
    assert disk.written == [1, 3]


@pytest.mark.asyncio
async def test_a_change_whose_client_goes_while_it_is_written_is_made_and_hurts_no_other() -> None:
    disk = Disk()
    waiting = writer.Writer(disk.write, 10)
    gone, stays = [asyncio.ensure_future(waiting.written(partial(asked, number))) for number in (1, 2)]
    await asyncio.sleep(0.01)
    gone.cancel()
    disk.gate.set()
    assert await stays == 2
    assert disk.written == [1, 2]
    assert gone.cancelled()


@pytest.mark.asyncio
async def test_thousands_wait_for_a_hundred_connections_and_each_is_told_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("asgi_app.stores.writer.WAIT", 60.0)
    out, most_out = 0, 0

    async def read(connection: object, calls: list[Call]) -> list[Outcome]:
        nonlocal out, most_out
        out += 1
        most_out = max(most_out, out)
        await asyncio.sleep(0.001)
        out -= 1
        return [Outcome(call()) for call in calls]

    waiting: readers.Readers[object] = readers.Readers(read)
    for _ in range(CONNECTIONS):
        waiting.add(object())
    asking = [asyncio.ensure_future(waiting.result(partial(asked, number))) for number in range(WAITING)]
    await asyncio.sleep(0)
    for each in asking[::10]:  # a tenth hangs up
        each.cancel()
    found = await asyncio.gather(*asking, return_exceptions=True)
    assert [each for each in found if not isinstance(each, BaseException)] == [n for n in range(WAITING) if n % 10]
    assert most_out <= CONNECTIONS
