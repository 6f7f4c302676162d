"""Calls in a process of its own, started with the first of them: what computes there leaves the GIL to others."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import TypeVar

from userdb import lab

Argument = TypeVar("Argument")
Result = TypeVar("Result")


class Processes:
    """The process of this process that computes, one call at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pool: ProcessPoolExecutor | None = None

    def run(self, call: Callable[[Argument], Result], argument: Argument) -> Result:
        """What `call` returns there."""
        return self._started().submit(call, argument).result()

    def close(self) -> None:
        """End it, if it was started."""
        if self._pool is not None:
            self._pool.shutdown()

    def _started(self) -> ProcessPoolExecutor:
        with self._lock:
            if self._pool is None:
                self._pool = ProcessPoolExecutor(1, get_context("spawn"), initializer=lab.end_with_parent)
            return self._pool
