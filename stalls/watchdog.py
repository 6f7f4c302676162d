"""The thread that looks where others stand while something is held. It reads frames and clocks, and does no I/O."""

from __future__ import annotations

import math
import sys
import threading
import time
from collections import deque
from types import FrameType
from typing import Protocol

from . import frames
from .episode import Measured, Sample, Seen
from .writer import Writer

LASTS = 5.0
"""Seconds after which a stall is told of though it has not ended; again after twice as many, and so on."""


class Watched(Protocol):
    """What can be held: the loop, or all slots."""

    ended: deque[Measured]
    """The stalls that have ended, as whoever held it measured them."""

    def episode(self) -> tuple[int, float]:
        """A number that changes whenever it is let go, and since when it is held; infinity: it isn't."""

    def samples(self, stacks: dict[int, FrameType]) -> list[Sample]:
        """Where those who hold it stand now."""

    def threads(self) -> set[int]:
        """The identifiers of the threads that it watches."""

    def cpu(self) -> float | None:
        """The CPU time of these threads so far; None where the platform can't tell."""

    def lasting(self, number: int, now: float) -> Measured:
        """What can be measured of a stall that goes on."""

    def alive(self) -> bool:
        """Whether it still needs to be watched."""


class Watchdog:
    """Watches one thing, in a thread of its own, from half of `threshold` seconds on."""

    def __init__(self, watched: Watched, writer: Writer, threshold: float) -> None:
        self._watched, self._writer = watched, writer
        self._first, self._step = threshold / 2, max(threshold / 8, 0.002)
        self._stop = threading.Event()
        self._seen: Seen | None = None
        self._tell = LASTS
        self._clocks = self._read_clocks()
        self._thread = threading.Thread(target=self._run, name="stalls-watchdog", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread, when what has ended is told of."""
        self._stop.set()
        self._thread.join(1)

    def _run(self) -> None:
        planned = time.monotonic()
        while self._watched.alive() and not self._stop.wait(max(planned - time.monotonic(), 0)):
            planned = self._look(planned)
        self._hand_over(time.monotonic(), self._clocks)

    def _read_clocks(self) -> tuple[float | None, float]:
        return self._watched.cpu(), time.process_time()

    def _look(self, planned: float) -> float:
        """Look once, and return when to look again."""
        now = time.monotonic()
        before, self._clocks = self._clocks, self._read_clocks()
        number, since = self._watched.episode()
        if self._seen is not None and self._seen.number != number:
            self._hand_over(planned, before)
        if now < since + self._first:
            if self._watched.ended:
                self._hand_over(planned, before)
            return (now if math.isinf(since) else since) + self._first
        seen = self._seen = self._seen or Seen(number, step=self._step)
        seen.was_late(now - max(planned, since), *self._passed(before))
        self._sample(seen)
        if now - since >= self._tell:
            self._tell *= 2
            self._writer.put(self._watched.lasting(number, now), seen)
        return time.monotonic() + seen.step

    def _sample(self, seen: Seen) -> None:
        stacks = sys._current_frames()
        round = self._watched.samples(stacks)
        others = [
            spot
            for thread, frame in stacks.items()
            if thread not in self._watched.threads() and (spot := frames.culprit(frames.spots(frame)[:40])) is not None
        ]
        del stacks
        if self._watched.episode()[0] == seen.number:  # else it was let go meanwhile, and this shows what came after
            seen.add(round)
            seen.others.update(frames.told(spot) for spot in others)

    def _passed(self, before: tuple[float | None, float]) -> tuple[float | None, float]:
        (then, process_then), (now, process_now) = before, self._clocks
        return None if now is None or then is None else now - then, process_now - process_then

    def _hand_over(self, planned: float, before: tuple[float | None, float]) -> None:
        """Give what has ended to the writer; what was planned and not done before the end is lateness, too."""
        seen, self._seen, self._tell = self._seen, None, LASTS
        while self._watched.ended:
            measured = self._watched.ended.popleft()
            mine = seen if seen is not None and seen.number == measured.number else Seen(measured.number)
            mine.forget_what_came_after()
            mine.was_late(measured.end - max(planned, measured.start), *self._passed(before))
            self._writer.put(measured, mine)
