"""The laboratory against stand-ins for stacks in this process: one schedule for all, who is late where, what is refused."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
import pytest

from tandem.live import asking, presses, writing
from tandem.live.laboratory import Laboratory
from tandem.live.prediction import LateCount
from tandem.live.presses import Batch, Press, PressRefusedError
from tandem.live.writing import Writer
from tests.support.waiting import eventually_async
from tests.tandem.live.lanes import HASH, LOCK, SLEEP, WRITES, App, lane, serving, setup


@asynccontextmanager
async def running(*apps: App, **lanes: int | None) -> AsyncIterator[Laboratory]:
    """A laboratory that sends to these apps."""
    async with serving(*apps):
        given = [lane(name, slots, app.port) for app, (name, slots) in zip(apps, lanes.items(), strict=True)]
        laboratory = Laboratory(setup(given))
        await laboratory.prepare()
        work = [asyncio.create_task(laboratory.send()), asyncio.create_task(laboratory.watch())]
        try:
            yield laboratory
        finally:
            for task in work:
                task.cancel()
            await laboratory.stop()
            await asyncio.gather(*work, return_exceptions=True)


def sleep(times: int = 5, number: int = 1, wrong: bool = True) -> Batch:
    """What is to be started."""
    return Batch(name="sleep-in-handler", kind=SLEEP, wrong=wrong, times=times, number=number)


async def over(press: Press) -> Press:
    """The press, when all of it is counted."""
    assert await eventually_async(lambda: press.over)
    return press


@pytest.mark.asyncio
async def test_who_comes_while_a_loop_stands_is_late_and_the_arithmetic_knew() -> None:
    async with running(App(1), App(16), loop=None, threads=16) as laboratory:
        before = laboratory.predicted(sleep())
        loop, threads = (await over(laboratory.press(sleep()))).parts
    assert [isinstance(each, LateCount) and each.late > 0 for each in before] == [True, False]
    assert loop.counted is not None
    assert threads.counted is not None
    assert loop.counted.late > 10
    assert loop.counted.late > threads.counted.late
    assert loop.predicted is not None
    assert loop.predicted.late > 10
    assert loop.completed == threads.completed == 1


@pytest.mark.asyncio
async def test_bystanders_take_turns_and_every_other_asks_for_what_a_kind_shows_best() -> None:
    async with running(App(16), one=16) as laboratory:
        assert [laboratory._path(number) for number in range(4)] == ["/a", "/b", "/a", "/b"]
        special = msgspec.structs.replace(SLEEP, bystander="/lab/health")
        press = laboratory.press(Batch(name="sleep-in-handler", kind=special, wrong=True, times=1, number=1))
        assert [laboratory._path(number) for number in range(4)] == ["/a", "/lab/health"] * 2
        await over(press)


@pytest.mark.asyncio
async def test_the_dots_of_all_lanes_are_due_at_the_same_moments() -> None:
    async with running(App(16), App(1), one=16, two=None) as laboratory:
        lanes = laboratory.lanes
        assert await eventually_async(lambda: lanes[0].dots.changes > 40)
        dues = [[dot.due for dot in each.dots.between(0, 1e12)][:15] for each in lanes]
    assert dues[0] == dues[1]
    assert dues[0] == sorted(dues[0])


@pytest.mark.asyncio
async def test_the_same_is_not_started_twice_and_not_for_too_long() -> None:
    async with running(App(1), App(16), loop=None, threads=16) as laboratory:
        press = laboratory.press(sleep())
        with pytest.raises(PressRefusedError, match="running"):
            laboratory.press(sleep(times=1))
        other = laboratory.press(sleep(times=1, wrong=False))  # another way of it may
        with pytest.raises(PressRefusedError, match="More than 50"):
            laboratory.press(Batch(name="password", kind=HASH, wrong=True, times=1, number=50))
        await over(press)
        await over(other)
        assert await eventually_async(lambda: not laboratory._running)
        with pytest.raises(PressRefusedError, match=f"{presses.LONGEST_PRESS:g} s"):
            laboratory.press(sleep(number=50))


@pytest.mark.asyncio
async def test_how_long_something_takes_is_learnt_by_pressing() -> None:
    async with running(App(1), loop=None) as laboratory:
        batch = Batch(name="password", kind=HASH, wrong=True, times=1, number=1)
        assert laboratory.predicted(batch) == [None]
        await over(laboratory.press(batch))
        assert None not in laboratory.predicted(batch)


@pytest.mark.asyncio
async def test_what_an_app_does_not_have_has_no_button() -> None:
    async with running(App(16), App(16, missing=("/lab/password", "/lab/pause")), one=16, two=16) as laboratory:
        assert list(laboratory.kinds) == ["sleep-in-handler"]
        assert laboratory.kinds["sleep-in-handler"].right == ""


@pytest.mark.asyncio
async def test_only_the_last_presses_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tandem.live.laboratory.WRITTEN", 0.0)
    async with running(App(16), one=16) as laboratory:
        for _ in range(10):
            await over(laboratory.press(Batch(name="password", kind=HASH, wrong=True, times=1, number=1)))
            assert await eventually_async(lambda: not laboratory._running)
        assert [press.id for press in laboratory.presses] == [*range(3, 11)]


@pytest.mark.parametrize(
    "given",
    [
        ("none", True, 1, 1),
        ("password", False, 1, 1),
        (7, True, 1, 1),
        ("password", True, 3, 1),
        ("password", True, 1, 51),
    ],
)
def test_what_is_not_offered_is_not_started(given: tuple[object, object, object, object]) -> None:
    with pytest.raises(PressRefusedError):
        presses.batch({"password": HASH}, *given)


def test_an_amount_ends_where_the_app_s_bound_is() -> None:
    batch = presses.batch({"password": HASH}, "password", True, 5, 4)
    assert (batch.target, batch.seconds) == ("/lab/password?times=20", None)
    stays = msgspec.structs.replace(SLEEP, client="stays", usual=60_000, most=600_000)
    assert Batch(name="crowd", kind=stays, wrong=True, times=5, number=1).amount == 10_000  # an audience waits for it
    assert (sleep().target, sleep().seconds) == ("/lab/sleep?ms=1000", 1.0)


@pytest.mark.asyncio
async def test_one_in_three_bystanders_creates_something_while_a_kind_blocks_that_only_writes_show() -> None:
    app, batch = App(16), Batch(name="lock", kind=LOCK, wrong=True, times=1, number=1)
    async with running(app, one=16) as laboratory:
        laboratory.kinds["lock"] = LOCK
        await laboratory.prepare()
        assert [laboratory._writes(number) for number in range(3)] == [None] * 3
        press = laboratory.press(batch)
        assert [laboratory._writes(number) for number in range(4)] == [WRITES, None, None, WRITES]
        assert await eventually_async(lambda: app.made > 2)
        await over(press)
        assert await eventually_async(lambda: not laboratory._running)
        assert [laboratory._writes(number) for number in range(3)] == [None] * 3
    written = [each for each in app.asked if each.startswith("POST /things ")]
    assert re.fullmatch(r'POST /things \{"name": "thing \d+"\}', written[0])
    assert len(set(written)) == len(written)  # no two of the same name


@pytest.mark.asyncio
async def test_of_what_they_create_a_few_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "MOST_CREATED", 3)
    app = App(16)
    async with serving(app):
        writer = Writer(app.port)
        assert await writer.log_in(WRITES)
        assert [await writer.write(WRITES, number) for number in range(8)] == [201, 201, 201, *[204, 201] * 2, 204]
    assert app.things == {"/things/4", "/things/5"}


@pytest.mark.asyncio
async def test_where_nobody_may_write_there_is_no_button_for_what_only_writes_show() -> None:
    async with running(App(16), App(16, missing=("/log-in",)), one=16, two=16) as laboratory:
        laboratory.kinds["lock"] = LOCK
        await laboratory.prepare()
        assert "lock" not in laboratory.kinds
        assert "password" in laboratory.kinds


@pytest.mark.asyncio
async def test_one_that_sends_slowly_asks_once_and_needs_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "PAUSE", 0.001)
    slow = msgspec.structs.replace(SLEEP, client="sends slowly", usual=1)
    app = App(16)
    async with running(app, one=16) as laboratory:
        press = laboratory.press(Batch(name="slow-sender", kind=slow, wrong=True, times=1, number=1))
        await over(press)
    [part] = press.parts
    assert [each for each in app.asked if "/lab/sleep?" in each] == ["GET /lab/sleep?ms=1 "]
    assert part.completed == 1
    assert part.took[0] > 0.05  # more than 50 bytes
