"""The thread that turns what was seen into records and writes them: what takes time or touches a disk happens here."""

from __future__ import annotations

import contextlib
import os
import queue
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable

from . import diagnosis, forks
from .episode import Measured, Seen
from .record import Stall
from .sink import Sink

MOST_STACKS = 30
"""How many stacks are told of in a minute; stalls are counted and told of without one beyond that."""
COMPLAINTS = 5
"""How often a process says that a stall could not be told of."""
MOST_WAITING = 1000
"""How many stalls may wait to be written; beyond that they are counted only."""


class Writer:
    """Takes what was seen and never makes anybody wait. Its thread starts with the first stall."""

    def __init__(self, sink: Sink | Callable[[Stall], object]) -> None:
        self._sink = sink
        self._lock = threading.Lock()
        self._start_anew()
        forks.tell(self)
        self.stalls: Counter[str] = Counter()
        """How many stalls there were, by kind."""
        self.seconds: dict[str, float] = defaultdict(float)
        """How many seconds of them, by kind."""

    def _start_anew(self) -> None:
        self._queue: queue.SimpleQueue[tuple[Measured, Seen, int] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._number, self._minute, self._stacks, self._failed = 0, 0, 0, 0

    def after_fork(self) -> None:
        """Forget, in the child, what the parent counts and writes."""
        self._lock = threading.Lock()
        self._start_anew()
        self.stalls.clear()
        self.seconds.clear()

    def put(self, measured: Measured, seen: Seen) -> None:
        """Take a stall."""
        with self._lock:
            self._number += measured.over
            number = self._number
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="stalls-writer", daemon=True)
                self._thread.start()
        if self._queue.qsize() < MOST_WAITING:
            self._queue.put((measured, _copy(seen), number))
        else:
            self._count(diagnosis.kind(measured, seen), measured)

    def stop(self) -> None:
        """Write what waits, and the counts."""
        if (thread := self._thread) is not None:
            self._queue.put(None)
            thread.join(2)
            self._thread = None
        if isinstance(self._sink, Sink):
            self._sink.close(self.stalls, self.seconds)

    def _run(self) -> None:
        while (got := self._queue.get()) is not None:
            stall = self._stall(*got)
            self._count(stall.kind, got[0])
            try:
                self._sink(stall)
            except Exception as error:  # whoever is called back, or a full disk, must not end what watches
                self._complain(error)

    def _complain(self, error: Exception) -> None:
        self._failed += 1
        if self._failed <= COMPLAINTS:
            with contextlib.suppress(OSError):
                print(f"stalls: a stall could not be told of: {error!r}", file=sys.stderr)

    def _count(self, kind: str, measured: Measured) -> None:
        if measured.over:
            self.stalls[kind] += 1
            self.seconds[kind] += measured.seconds

    def _may_tell_a_stack(self) -> bool:
        minute = int(time.monotonic() // 60)
        if minute != self._minute:
            self._minute, self._stacks = minute, 0
        self._stacks += 1
        return self._stacks <= MOST_STACKS

    def _stall(self, measured: Measured, seen: Seen, number: int) -> Stall:
        kind = diagnosis.kind(measured, seen)
        samples = [sample for round in seen.samples for sample in round]
        found = diagnosis.lines(samples)
        blamed = kind not in diagnosis.NOBODY
        routes = Counter((sample.request, sample.route) for sample in samples if sample.request)
        request, route = routes.most_common(1)[0][0] if routes and blamed else (measured.request, measured.route)
        return Stall(
            number=number,
            pid=os.getpid(),
            watched=measured.watched,
            kind=kind,
            at=round(time.time() - (time.monotonic() - measured.start), 6),
            monotonic=round(measured.start, 6),
            seconds=round(measured.seconds, 6),
            over=measured.over,
            samples=len(samples),
            lines=tuple(line for line, _ in found) if blamed else (),
            callbacks=len({sample.owner for sample in samples}),
            cpu=None if measured.cpu is None else round(measured.cpu, 6),
            process_cpu=round(measured.process_cpu, 6),
            gc=round(measured.gc, 6),
            late=round(max(seen.late, 0), 6),
            route=route,
            request=request,
            in_flight=measured.in_flight,
            requests=measured.requests,
            waiting=measured.waiting,
            stack=diagnosis.path(found[0][1]) if found and blamed and self._may_tell_a_stack() else (),
            others=tuple(f"{place} ({count})" for place, count in seen.others.most_common(5)),
            suspect=str(found[0][0]) if found and not blamed else None,
        )


def _copy(seen: Seen) -> Seen:
    """What was seen so far: of a stall that goes on, more will be."""
    return Seen(seen.number, list(seen.samples), Counter(seen.others), seen.late, seen.step)
