"""With this folder in PYTHONPATH SQLAlchemy's pools for asyncio hand a connection that comes back to whoever has waited longest.

As they come they put it into an `asyncio.Queue` and wake the oldest waiter. Whoever asks before that one has its turn of the
event loop takes the connection without waiting, and the one that was woken finds none and goes to the end of the line. `tuned.py`
measures what that does to the slowest requests.
"""

from __future__ import annotations

import asyncio
from typing import Any

from sqlalchemy.pool import AsyncAdaptedQueuePool
from sqlalchemy.util import queue


class Handing(asyncio.Queue[Any]):
    """A queue whose things go to the oldest that waits: as long as there are some in it, nobody waits."""

    _getters: Any

    def put_nowait(self, item: Any) -> None:
        while self._getters:
            waiting = self._getters.popleft()
            if not waiting.done():
                waiting.set_result(item)
                return
        super().put_nowait(item)

    async def get(self) -> Any:
        if not self.empty():
            return self.get_nowait()
        waiting = asyncio.get_running_loop().create_future()
        self._getters.append(waiting)
        try:
            return await waiting
        except asyncio.CancelledError:
            if waiting.done() and not waiting.cancelled():  # it came at the moment of giving up
                self.put_nowait(waiting.result())
            raise


class HandingQueue(queue.AsyncAdaptedQueue[Any]):
    """What the pool takes for a queue."""

    def __init__(self, maxsize: int = 0, use_lifo: bool = False) -> None:
        super().__init__(maxsize, use_lifo)
        self._queue = Handing(maxsize)


AsyncAdaptedQueuePool._queue_class = HandingQueue
