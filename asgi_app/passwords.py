"""Password hashes, computed in worker threads: as many concurrently as there are CPUs, and only so many more may wait."""

from __future__ import annotations

import anyio
from anyio import to_thread

from userdb import passwords as userdb_passwords
from userdb.queues import Queue
from userdb.settings import Settings


class Passwords:
    """Checks and makes the hashes of this process, for those who have a slot in its queue."""

    def __init__(self, settings: Settings) -> None:
        self._workers = anyio.CapacityLimiter(settings.password_workers)
        self.queue = Queue(settings.password_workers + settings.password_queue)

    async def matches(self, password_hash: str | None, password: str) -> bool:
        """Whether it is the password of this hash."""
        return await to_thread.run_sync(userdb_passwords.matches, password_hash, password, limiter=self._workers)

    async def hashed(self, password: str) -> str:
        """The hash to keep."""
        return await to_thread.run_sync(userdb_passwords.hashed, password, limiter=self._workers)
