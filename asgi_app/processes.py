"""Calls in a process of its own, started with the first of them: what computes there leaves the GIL to others."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import TypeVar

from anyio import to_thread

from userdb import lab

Argument = TypeVar("Argument")
Result = TypeVar("Result")


class Processes:
    """The process of this process that computes, one call at a time."""

    def __init__(self) -> None:
        self._pool: ProcessPoolExecutor | None = None

    async def run(self, call: Callable[[Argument], Result], argument: Argument) -> Result:
        """What `call` returns there."""
        return await asyncio.get_running_loop().run_in_executor(self._started(), call, argument)

    async def close(self) -> None:
        """End it, if it was started."""
        if self._pool is not None:
            await to_thread.run_sync(self._pool.shutdown)

    def _started(self) -> ProcessPoolExecutor:
        if self._pool is None:
            self._pool = ProcessPoolExecutor(1, get_context("spawn"), initializer=lab.end_with_parent)
        return self._pool
