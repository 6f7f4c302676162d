"""How long work waits in the queue of a thread pool: from submit to start. gunicorn's gthread keeps its requests there."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

_here = threading.local()


class Queue:
    """The queue of one pool, timed."""

    def __init__(self, executor: ThreadPoolExecutor) -> None:
        self.slots: int = executor._max_workers
        self._submit = executor.submit
        self._since: dict[object, float] = {}

    def waiting(self) -> int:
        """How many wait now. Safe in any thread."""
        return len(self._since)

    def submit(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """What the pool's own does, and the time is taken."""
        ticket = object()
        self._since[ticket] = time.monotonic()

        def run() -> Any:
            _here.queue, _here.wait = self, time.monotonic() - self._since.pop(ticket, time.monotonic())
            try:
                return function(*args, **kwargs)
            finally:
                _here.queue = _here.wait = None

        try:
            future = self._submit(run)
        except RuntimeError:  # it has been shut down
            self._since.pop(ticket, None)
            raise
        future.add_done_callback(lambda done: self._since.pop(ticket, None))  # where it was cancelled
        return future


def time_queue(executor: ThreadPoolExecutor) -> Queue:
    """Time a pool's queue from now on. For gunicorn: call it with `worker.tpool` in its hook `post_worker_init`."""
    queue = Queue(executor)
    executor.submit = queue.submit  # type: ignore[method-assign]  # this one's alone
    return queue


def of_this_thread() -> tuple[Queue | None, float | None]:
    """The queue that this thread's work came from, and how long it waited there in seconds."""
    return getattr(_here, "queue", None), getattr(_here, "wait", None)
