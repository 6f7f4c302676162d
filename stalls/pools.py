"""A pool of threads or connections as something that can be held: it is while somebody waits for one of it."""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable
from types import FrameType, TracebackType

from . import forks, frames
from .clocks import garbage
from .episode import Measured, Sample
from .watchdog import Watchdog
from .writer import Writer


class Waiting:
    """Counts who waits: `with connections: connection = pool.connect()`; a middleware's `pools` takes it as what counts."""

    def __init__(self) -> None:
        self._waiting: deque[None] = deque()  # both of its ends are safe in any thread

    def __call__(self) -> int:
        """How many wait now."""
        return len(self._waiting)

    def __enter__(self) -> None:
        """Somebody begins to wait."""
        self._waiting.append(None)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Somebody has got what it waited for, or has not."""
        self._waiting.pop()


class Pool:
    """Watches a pool. `waiting` says how many wait, and is asked in the watchdog's thread; `threads`: how their names begin."""

    def __init__(
        self, writer: Writer, threshold: float, name: str, waiting: Callable[[], int], threads: str | None = None
    ) -> None:
        self.ended: deque[Measured] = deque(maxlen=1000)
        self._name, self._waiting, self._prefix = name, waiting, threads
        self._writer, self._threshold = writer, threshold
        self._number, self._since, self._most, self._stopped = 0, math.inf, 0, False
        garbage.count()
        self._watchdog = Watchdog(self, writer, threshold)
        forks.tell(self)

    def after_fork(self) -> None:
        """Watch in the child, too."""
        self.ended.clear()
        self._number, self._since = 0, math.inf
        self._watchdog = Watchdog(self, self._writer, self._threshold)

    def stop(self) -> None:
        """End the watchdog."""
        self._stopped = True
        self._watchdog.stop()

    def episode(self) -> tuple[int, float]:
        """The number of the episode, and since when somebody has been seen to wait."""
        now, waiting = time.monotonic(), self._waiting()
        if waiting and math.isinf(self._since):
            self._since, self._most = now, 0
            self._process_cpu, self._gc = time.process_time(), garbage.seconds
        elif not waiting and not math.isinf(self._since):
            if now - self._since >= self._threshold:
                self.ended.append(self.lasting(self._number, now, over=True))
            self._number, self._since = self._number + 1, math.inf
        self._most = max(self._most, waiting)
        return self._number, self._since

    def samples(self, stacks: dict[int, FrameType]) -> list[Sample]:
        """Where the pool's threads stand."""
        now = time.monotonic()
        found = {thread: tuple(frames.spots(stacks.get(thread))) for thread in self.threads()}
        return [Sample(stack, thread, None, None, now, None) for thread, stack in found.items()]

    def threads(self) -> set[int]:
        """The pool's; none where nobody said which."""
        if self._prefix is None:
            return set()
        return {one.ident for one in threading.enumerate() if one.ident and one.name.startswith(self._prefix)}

    def cpu(self) -> float | None:
        """It is not known for a pool."""
        return None

    def lasting(self, number: int, now: float, over: bool = False) -> Measured:
        """What can be measured of it."""
        return Measured(
            number=number,
            watched=self._name,
            start=self._since,
            end=now,
            over=over,
            cpu=None,
            process_cpu=time.process_time() - self._process_cpu,
            gc=garbage.seconds - self._gc,
            in_flight=self._most,
            requests=(),
            kind="pool",
            waiting=self._most,
        )

    def alive(self) -> bool:
        """Until it is stopped."""
        return not self._stopped
