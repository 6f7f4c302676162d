"""The laboratory behind the page: sends the same schedule to all lanes, starts blockers, and counts what they did."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import msgspec

from openloop.schedule import Schedule, gaps
from tandem.judge.replay import Job
from tandem.live import asking, prediction, presses
from tandem.live.dots import IN_TIME_SECONDS, Dots
from tandem.live.prediction import LateCount
from tandem.live.presses import Batch, LaneResult, Press, PressRefusedError
from tandem.live.setup import Lane, Setup
from tandem.live.stood import Tail, stood
from tandem.live.writing import Writer
from tandem.plan.kinds import Kind, Writes

REMEMBERED = 8
"""Presses that are shown."""

CALM = 5.0
"""Seconds without a press over which the usual response time is taken; half the target at most, as more is no usual time."""

USUAL = 0.005
"""Seconds that a bystander is taken to need until its lane has been calm once."""

WRITTEN = 0.4
"""Seconds after its end within which a stall is in the file, if the machine isn't busy."""

LOOK = 0.1
"""Seconds between two looks at the files of stalls."""

SHARED_WAITS = "only who needs the same waits"
"""What is said where a kind holds something beside the loop: how many that are depends on what bystanders ask for."""


class Runway:
    """A lane and all that is known of it."""

    def __init__(self, lane: Lane) -> None:
        self.lane, self.dots, self.tail = lane, Dots(), Tail(Path(lane.stalls))
        self.writer = Writer(lane.port)
        self.usual = USUAL
        self.holds: dict[tuple[str, bool, int], float] = {}  # seconds that a blocker took here when it came first


class Laboratory:
    """All of it, in one event loop that no app under test runs on."""

    def __init__(self, setup: Setup) -> None:
        self.setup = setup
        self.began = time.monotonic()
        self.kinds = dict(setup.kinds)
        self.lanes = [Runway(lane) for lane in setup.lanes]
        self.presses: deque[Press] = deque(maxlen=REMEMBERED)
        self.lag = 0.0  # seconds by which this process itself was late, at worst, since somebody asked
        self._running: dict[tuple[str, bool], Press] = {}
        self._pressed, self._last = 0, self.began
        self._tasks: set[asyncio.Task[None]] = set()

    async def prepare(self) -> None:
        """Leave out of the kinds what the apps don't have: without an amount, a route that is there refuses; nor a log-in."""
        there = {path for path in {path for kind in self.kinds.values() for path in _paths(kind)} if path}
        answers = {path: [await asking.get(each.lane.port, path, 5) for each in self.lanes] for path in there}
        missing = {path for path, statuses in answers.items() if 404 in statuses or 0 in statuses}
        self.kinds = {
            name: _without(kind, missing)
            for name, kind in self.kinds.items()
            if kind.wrong not in missing and await self._lets_write(kind)
        }

    async def _lets_write(self, kind: Kind) -> bool:
        """Tell whether every lane lets somebody in who may write, where a kind needs that."""
        return kind.writes is None or all([await each.writer.log_in(kind.writes) for each in self.lanes])

    async def send(self) -> None:
        """Send every bystander when it is due, to all lanes at once, for as long as the process lives."""
        now = time.monotonic()
        schedule = Schedule(gaps("poisson", f"live/{self.setup.seed}", 0, 1), now)
        schedule.change(self.setup.rate, now)
        number = 0
        while True:
            await asyncio.sleep(max(0.0, schedule.next() - time.monotonic()))
            now = time.monotonic()
            for due in schedule.due(now):
                self.lag = max(self.lag, now - due)
                number += 1
                path, writes = self._path(number), self._writes(number)
                for each in self.lanes:
                    self._start(self._ask(each, number, due, path, writes))

    def _path(self, number: int) -> str:
        """Return what a bystander asks for; every other one for what a kind that blocks now shows best."""
        special = [press.batch.kind.bystander for press in self._running.values() if press.batch.kind.bystander]
        usual = self.setup.bystanders[number % len(self.setup.bystanders)]
        return special[0] if special and number % 2 else usual

    def _writes(self, number: int) -> Writes | None:
        """Return what a bystander writes instead; one in three while a kind blocks that only writes show."""
        found = [press.batch.kind.writes for press in self._running.values() if press.batch.kind.writes]
        return found[0] if found and number % 3 == 0 else None

    async def _ask(self, runway: Runway, number: int, due: float, path: str, writes: Writes | None) -> None:
        dot, port = runway.dots.due(number, due), runway.lane.port
        status = await (
            runway.writer.write(writes, number) if writes else asking.get(port, path, asking.BYSTANDER_GIVES_UP)
        )
        runway.dots.answered(dot, time.monotonic(), status)

    async def watch(self) -> None:
        """Read what stalled, and take the usual response times while it is calm."""
        while True:
            await asyncio.sleep(LOOK)
            now = time.monotonic()
            for each in self.lanes:
                each.tail.look()
                if not self._running and now - self._last > CALM:
                    each.usual = min(each.dots.usual(now - CALM, now) or each.usual, IN_TIME_SECONDS / 2)

    def press(self, batch: Batch) -> Press:
        """Start blockers in all lanes. Raises PressRefusedError while the same ones block, and for what would take too long."""
        if (batch.name, batch.wrong) in self._running:
            raise PressRefusedError("It is running: wait until it is over.")
        if self.expected(batch) > presses.LONGEST_PRESS:
            raise PressRefusedError(
                f"That would block for more than {presses.LONGEST_PRESS:g} s: choose fewer, or shorter ones."
            )
        if sum(press.batch.number for press in self._running.values()) + batch.number > max(presses.NUMBERS):
            raise PressRefusedError(f"More than {max(presses.NUMBERS)} at once are too many: wait until some are over.")
        self._pressed += 1
        press = Press(id=self._pressed, batch=batch, start=time.monotonic(), parts=[LaneResult() for _ in self.lanes])
        self.presses.append(press)
        self._running[batch.name, batch.wrong] = press
        self._start(self._through(press))
        return press

    async def _through(self, press: Press) -> None:
        """See a press through to its end in every lane."""
        try:
            await asyncio.gather(*(self._block(press, *each) for each in zip(self.lanes, press.parts, strict=True)))
        finally:
            del self._running[press.batch.name, press.batch.wrong]
            self._last = time.monotonic()

    async def _block(self, press: Press, runway: Runway, part: LaneResult) -> None:
        """Start the blockers of one lane, and count what they did when the last one has left."""
        await asyncio.gather(*(self._blocker(press.batch, runway, part) for _ in range(press.batch.number)))
        batch = press.batch
        if batch.kind.client == "hangs up" and batch.seconds:  # the app works on for nobody
            await asyncio.sleep(max(0.0, press.start + batch.seconds - time.monotonic()))
        end = part.end = time.monotonic()
        if part.took:
            runway.holds[batch.name, batch.wrong, batch.amount] = min(part.took)
        while runway.dots.waiting(end):  # noqa: ASYNC110  # several presses wait, each for others
            await asyncio.sleep(0.02)
        await asyncio.sleep(WRITTEN)
        runway.tail.look()
        part.stood = stood(runway.tail.between(press.start, end), runway.lane)
        part.predicted = self._replayed(batch, runway, part)
        part.counted = counted(runway.dots, press.start, end, end)

    async def _blocker(self, batch: Batch, runway: Runway, part: LaneResult) -> None:
        sent = time.monotonic()
        part.sent.append(sent)
        status = await asking.block(runway.lane.port, batch.target, batch.kind.client)
        if status == 200:
            part.completed += 1
            part.took.append(time.monotonic() - sent)

    def seconds(self, batch: Batch, runway: Runway) -> float | None:
        """Return for how long such a blocker holds its place: as it did here before, or as its amount says."""
        return runway.holds.get((batch.name, batch.wrong, batch.amount), batch.seconds)

    def expected(self, batch: Batch) -> float:
        """Return for how many seconds a press is expected to block at most, as far as that is known."""
        longest = 0.0
        for each in self.lanes:
            seconds, stands_in = self.seconds(batch, each), prediction.queues(batch.kind, batch.wrong, each.lane)
            longest = max(longest, prediction.longest(stands_in, seconds or 0.0, batch.number))
        return longest

    def predicted(self, batch: Batch) -> list[LateCount | str | None]:
        """Return what is predicted for each lane before anybody presses; None where it isn't known how long it takes, and why
        there is nothing to predict where queues don't decide.
        """
        found: list[LateCount | str | None] = []
        for each in self.lanes:
            if not prediction.known(batch.kind, batch.wrong, each.lane):
                found.append(SHARED_WAITS)
                continue
            seconds, stands_in = self.seconds(batch, each), prediction.queues(batch.kind, batch.wrong, each.lane)
            found.append(
                prediction.before(stands_in, seconds, batch.number, self.setup.rate, each.usual) if seconds else None
            )
        return found

    def _replayed(self, batch: Batch, runway: Runway, part: LaneResult) -> LateCount | None:
        """Return what the schedule that was sent predicts, if each blocker takes as long as the one that waited least."""
        seconds = min(part.took, default=batch.seconds)
        if seconds is None or part.end is None or not prediction.known(batch.kind, batch.wrong, runway.lane):
            return None
        dues = [dot.due for dot in runway.dots.between(part.sent[0] - 1, part.end + seconds)]
        stands_in = prediction.queues(batch.kind, batch.wrong, runway.lane)
        return prediction.replayed(stands_in, [Job(sent, seconds) for sent in part.sent], dues, runway.usual)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def stop(self) -> None:
        """End all that is under way."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def counted(dots: Dots, start: float, end: float, now: float) -> LateCount:
    """Return how many of the bystanders due within a time are late."""
    found = list(dots.between(start, end))
    return LateCount(sum(dot.late(now) for dot in found), len(found))


def _paths(kind: Kind) -> tuple[str, ...]:
    return kind.wrong, kind.right, kind.bystander


def _without(kind: Kind, missing: set[str]) -> Kind:
    gone = {name: "" for name in ("right", "bystander") if getattr(kind, name) in missing}
    return msgspec.structs.replace(kind, **gone)
