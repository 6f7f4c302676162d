"""The slots of a threaded server as something that can be held: it is while all of them are taken."""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable
from types import FrameType

from . import clocks, forks, frames
from .clocks import garbage
from .episode import Measured, Sample
from .requests import InFlight, Request
from .watchdog import Watchdog
from .writer import Writer

GRACE = 0.005
"""Seconds for which a slot may be free between two requests while they still count as taken: the next one waits already."""


class Slots:
    """Watches the slots of this process; a slot is a thread that has begun a request and not ended it."""

    def __init__(self, writer: Writer, threshold: float, count: int, waiting: Callable[[], int] | None) -> None:
        self.count, self.waiting = count, waiting
        self.ended: deque[Measured] = deque(maxlen=1000)
        self._writer, self._threshold = writer, threshold
        garbage.count()
        self.after_fork()
        forks.tell(self)

    def after_fork(self) -> None:
        """Begin with free slots and a watchdog that is to be started."""
        self._lock = threading.Lock()
        self._busy = InFlight()
        self._clocks: dict[int, tuple[int | None, float]] = {}
        self._cpu_of_ended = 0.0
        self._number, self._full, self._free = 0, math.inf, -math.inf
        self._most_waiting = 0
        self._asked_last: list[Request] = []
        self._stopped = False
        self._watchdog: Watchdog | None = None

    def stop(self) -> None:
        """End the watchdog, and with it what is held."""
        with self._lock:
            if self._free == math.inf:
                self._free, self._asked_last = time.monotonic(), self._busy.requests()
            self._close()
            self._stopped = True
        if self._watchdog is not None:
            self._watchdog.stop()

    def enter(self, request: Request) -> None:
        """This thread begins a request."""
        thread = threading.get_ident()
        with self._lock:
            if self._watchdog is None:
                self._watchdog = Watchdog(self, self._writer, self._threshold)
            self._clocks[thread] = clocks.thread_clock(), time.thread_time()
            self._busy.by_owner[thread] = request
            if len(self._busy.by_owner) >= self.count:
                self._taken(time.monotonic())

    def leave(self) -> None:
        """This thread has ended its request."""
        thread = threading.get_ident()
        with self._lock:
            if len(self._busy.by_owner) >= self.count:
                self._free = time.monotonic()
                self._asked_last = self._busy.requests()
            self._busy.by_owner.pop(thread, None)
            _, began = self._clocks.pop(thread, (None, time.thread_time()))
            self._cpu_of_ended += time.thread_time() - began

    def _taken(self, now: float) -> None:
        """The last slot is taken: a new episode, or the same where it was free for next to no time."""
        if now - self._free > GRACE:
            self._close()
            self._full = now
            self._cpu, self._process_cpu, self._gc = self._cpu_so_far(), time.process_time(), garbage.seconds
            self._most_waiting = 0
        self._free = math.inf

    def _close(self) -> None:
        """A slot has been free for long enough: what was held is over."""
        if not math.isinf(self._full):
            if self._free - self._full >= self._threshold:
                self.ended.append(self._measured(self._free, over=True))
            self._number += 1
        self._full = math.inf

    def _cpu_so_far(self) -> float:
        running = ((clocks.read(clock), began) for clock, began in list(self._clocks.values()))
        return self._cpu_of_ended + sum(cpu - began for cpu, began in running if cpu is not None)

    def _measured(self, end: float, over: bool) -> Measured:
        # When it is over some have left already, and others may have come.
        requests = self._asked_last if over else self._busy.requests()
        return Measured(
            number=self._number,
            watched="slots",
            start=self._full,
            end=end,
            over=over,
            cpu=self._cpu_so_far() - self._cpu,
            process_cpu=time.process_time() - self._process_cpu,
            gc=garbage.seconds - self._gc,
            in_flight=len(requests),
            requests=tuple(request.id for request in requests[:50]),
            kind="slots",
            waiting=self._most_waiting if self.waiting is not None else None,
        )

    # What the watchdog asks, in its own thread.

    def episode(self) -> tuple[int, float]:
        """The number of the episode, and since when all slots have been taken."""
        with self._lock:
            if time.monotonic() - self._free > GRACE:
                self._close()
            if self.waiting is not None:
                self._most_waiting = max(self._most_waiting, self.waiting())
            return self._number, self._full

    def samples(self, stacks: dict[int, FrameType]) -> list[Sample]:
        """Where each slot stands in the app; one in the server's code, which reads or sends, has an empty stack."""
        found = []
        for thread, request in self._busy.by_owner.copy().items():
            stack = frames.above(frames.spots(stacks.get(thread)), "wsgi.py")
            cpu = clocks.read(self._clocks.get(thread, (None, 0.0))[0])
            found.append(Sample(stack, request.id, request.id, request.route, time.monotonic(), cpu))
        return found

    def threads(self) -> set[int]:
        """The slots'."""
        return set(self._busy.by_owner.copy())

    def cpu(self) -> float | None:
        """The CPU time of all slots."""
        return self._cpu_so_far()

    def lasting(self, number: int, now: float) -> Measured:
        """What can be told of an episode that goes on."""
        with self._lock:
            return self._measured(now, over=False)

    def alive(self) -> bool:
        """Until it is stopped."""
        return not self._stopped
