"""CPU time of threads and of the process, and how long garbage collection has taken so far. In seconds."""

from __future__ import annotations

import gc
import threading
import time
from typing import Any


def thread_clock() -> int | None:
    """A clock that any thread may read: the CPU time of the thread that asks for it now. None where there is none."""
    try:
        return time.pthread_getcpuclockid(threading.get_ident())
    except (AttributeError, OSError):
        return None


def read(clock: int | None) -> float | None:
    """What such a clock shows; None where its thread has ended."""
    if clock is None:
        return None
    try:
        return time.clock_gettime(clock)
    except OSError:
        return None


class GarbageTime:
    """Counts how long the collector has run; it holds the GIL, so it stops everybody."""

    def __init__(self) -> None:
        self._total = 0.0
        self._since: float | None = None

    @property
    def seconds(self) -> float:
        """So far."""
        return self._total

    def __call__(self, phase: str, info: dict[str, Any]) -> None:
        """What `gc.callbacks` calls."""
        if phase == "start":
            self._since = time.perf_counter()
        elif self._since is not None:
            self._total += time.perf_counter() - self._since
            self._since = None

    def count(self) -> None:
        """Begin."""
        if self not in gc.callbacks:
            gc.callbacks.append(self)


garbage = GarbageTime()
"""That of this process."""
