"""A pool of threads or connections as something that can be held: it is while somebody waits for one of it."""

from __future__ import annotations

import math
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Hashable
from types import FrameType, TracebackType

from . import forks, frames
from .clocks import garbage
from .episode import Measured, Sample
from .requests import Request, current
from .watchdog import Watchdog
from .writer import Writer


class Waiting:
    """Counts who waits: `with connections: connection = pool.connect()`; a middleware's `pools` takes it as what counts.

    Told what is `lent` and given `back`, it also knows whose requests hold what the others wait for.
    """

    def __init__(self) -> None:
        self._waiting: deque[Request | None] = deque()  # each of its calls is one step, safe in any thread
        self._lent: dict[Hashable, Request] = {}
        self._others: list[Callable[[], int]] = []

    def __call__(self) -> int:
        """How many wait now."""
        return len(self._waiting) + sum(count() for count in self._others)

    def also(self, count: Callable[[], int]) -> None:
        """Count those, too, who wait where only their number is known; it is asked in another thread."""
        self._others.append(count)

    def __enter__(self) -> None:
        """Somebody begins to wait."""
        self._waiting.append(current.get())

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Somebody has got what it waited for, or has not."""
        try:
            self._waiting.remove(current.get())
        except ValueError:  # it began in another request's context: one fewer waits all the same
            self._waiting.pop()

    def lent(self, thing: Hashable) -> None:
        """Whoever asks now has got this thing, a connection say."""
        if (request := current.get()) is not None:
            self._lent[thing] = request

    def back(self, thing: Hashable) -> None:
        """Nobody has it any more."""
        self._lent.pop(thing, None)

    def waiters(self) -> list[Request]:
        """The requests that wait now, as far as they are known."""
        return [each for each in self._waiting.copy() if each is not None]

    def holders(self) -> list[Request]:
        """The requests that hold what is waited for, as far as they are known."""
        return list(self._lent.copy().values())


class Pool:
    """Watches a pool. `waiting` says how many wait, and is asked in the watchdog's thread; `threads`: how their names begin.

    Where `waiting` knows more, as `Waiting` does, the requests that wait and those that hold are told, too.
    """

    def __init__(
        self, writer: Writer, threshold: float, name: str, waiting: Callable[[], int], threads: str | None = None
    ) -> None:
        self.ended: deque[Measured] = deque(maxlen=1000)
        self._name, self._waiting, self._prefix = name, waiting, threads
        self._writer, self._threshold = writer, threshold
        self._number, self._since, self._most, self._stopped = 0, math.inf, 0, False
        self._waited: dict[str, None] = {}
        self._held: Counter[tuple[str, str]] = Counter()
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
            self._waited, self._held = {}, Counter()
            self._process_cpu, self._gc = time.process_time(), garbage.seconds
        elif not waiting and not math.isinf(self._since):
            if now - self._since >= self._threshold:
                self.ended.append(self.lasting(self._number, now, over=True))
            self._number, self._since = self._number + 1, math.inf
        self._most = max(self._most, waiting)
        return self._number, self._since

    def samples(self, stacks: dict[int, FrameType]) -> list[Sample]:
        """Where the pool's threads stand; noted is, too, who waits and who holds."""
        now = time.monotonic()
        self._waited.update(dict.fromkeys(request.id for request in self._known("waiters")))
        self._held.update((request.id, request.route) for request in self._known("holders"))
        found = {thread: tuple(frames.spots(stacks.get(thread))) for thread in self.threads()}
        return [Sample(stack, thread, None, None, now, None) for thread, stack in found.items()]

    def _known(self, which: str) -> list[Request]:
        """The requests of a kind, where what counts can tell."""
        ask: Callable[[], list[Request]] = getattr(self._waiting, which, list)
        return ask()

    def threads(self) -> set[int]:
        """The pool's; none where nobody said which."""
        if self._prefix is None:
            return set()
        return {one.ident for one in threading.enumerate() if one.ident and one.name.startswith(self._prefix)}

    def cpu(self) -> float | None:
        """It is not known for a pool."""
        return None

    def lasting(self, number: int, now: float, over: bool = False) -> Measured:
        """What can be measured of it; the request that is named is the one that was seen most to hold what is waited for."""
        known = dict.fromkeys([*self._waited, *(request for request, _ in self._held)])
        request, route = self._held.most_common(1)[0][0] if self._held else (None, None)
        return Measured(
            number=number,
            watched=self._name,
            start=self._since,
            end=now,
            over=over,
            cpu=None,
            process_cpu=time.process_time() - self._process_cpu,
            gc=garbage.seconds - self._gc,
            in_flight=max(self._most, len(known)),
            requests=tuple(known)[:50],
            kind="pool",
            waiting=self._most,
            route=route,
            request=request,
        )

    def alive(self) -> bool:
        """Until it is stopped."""
        return not self._stopped
