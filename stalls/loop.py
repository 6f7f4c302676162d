"""The event loop as something that can be held: a heartbeat on it tells when. asyncio and uvloop, by public calls alone."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from types import FrameType

from . import clocks, forks, frames
from .clocks import garbage
from .episode import Measured, Sample
from .requests import InFlight
from .watchdog import Watchdog
from .writer import Writer


class Loop:
    """Watches the loop that runs in the thread which makes it."""

    def __init__(self, writer: Writer, threshold: float, in_flight: InFlight) -> None:
        self.loop = asyncio.get_running_loop()
        self.ended: deque[Measured] = deque(maxlen=1000)
        self._writer, self._threshold, self._in_flight = writer, threshold, in_flight
        self._interval = threshold / 4
        self._stopped = False
        self._base = 0
        self._beats = 0
        self._due = float("inf")
        self._watch()
        garbage.count()
        forks.tell(self)
        self.loop.call_soon(self._first_beat)

    def _watch(self) -> None:
        self._thread, self._clock = threading.get_ident(), clocks.thread_clock()
        self._watchdog: Watchdog | None = Watchdog(self, self._writer, self._threshold)

    def after_fork(self) -> None:
        """Forget, in the child, the watchdog of the parent: it is started again where the loop goes on."""
        self._watchdog = None
        self.ended.clear()

    def stop(self) -> None:
        """End heartbeat and watchdog."""
        self._stopped = True
        self._due = float("inf")
        if self._watchdog is not None:
            self._watchdog.stop()

    def _first_beat(self) -> None:
        self._base = frames.own_frame_of_caller()
        self._read_clocks(time.monotonic())
        self.loop.call_later(self._interval, self._beat)

    def _beat(self) -> None:
        """The heartbeat: at its due time, or as soon as the loop is let go."""
        if self._stopped:
            return
        now = time.monotonic()
        if self._watchdog is None:
            self._watch()
        elif now - self._due >= self._threshold:
            self.ended.append(self._measured(self._beats, now, time.thread_time(), over=True))
        self._read_clocks(now)
        self.loop.call_later(self._interval, self._beat)

    def _read_clocks(self, now: float) -> None:
        self._cpu, self._process_cpu, self._gc = time.thread_time(), time.process_time(), garbage.seconds
        self._beats += 1  # a stall is over only when it is among those that ended
        self._due = now + self._interval

    def _measured(self, number: int, now: float, cpu: float | None, over: bool) -> Measured:
        requests = self._in_flight.requests()
        return Measured(
            number=number,
            watched="loop",
            start=self._due,
            end=now,
            over=over,
            cpu=None if cpu is None else cpu - self._cpu,
            process_cpu=time.process_time() - self._process_cpu,
            gc=garbage.seconds - self._gc,
            in_flight=len(requests),
            requests=tuple(request.id for request in requests[:50]),
        )

    # What the watchdog asks, in its own thread.

    def episode(self) -> tuple[int, float]:
        """The number of the heartbeat, and when it was due; a loop that does not run is not held."""
        return self._beats, self._due if self.loop.is_running() else float("inf")

    def samples(self, stacks: dict[int, FrameType]) -> list[Sample]:
        """Where the loop's thread stands, and whose task it is."""
        frame = stacks.get(self._thread)
        stack = tuple(frames.spots(frame, self._base))
        task = asyncio.current_task(self.loop)
        request = self._in_flight.of_task(task)
        owner = id(task) if task is not None else id(self._outermost(frame, len(stack)))
        name, route = (None, None) if request is None else (request.id, request.route)
        return [Sample(stack, owner, name, route, time.monotonic(), self.cpu())]

    @staticmethod
    def _outermost(frame: FrameType | None, count: int) -> FrameType | None:
        """The frame of the callback itself: one object while it runs."""
        for _ in range(count - 1):
            frame = frame and frame.f_back
        return frame

    def threads(self) -> set[int]:
        """The loop's."""
        return {self._thread}

    def cpu(self) -> float | None:
        """The CPU time of the loop's thread."""
        return clocks.read(self._clock)

    def lasting(self, number: int, now: float) -> Measured:
        """What can be told of a stall that goes on."""
        return self._measured(number, now, self.cpu(), over=False)

    def alive(self) -> bool:
        """Until it is closed."""
        return not self._stopped and not self.loop.is_closed()
