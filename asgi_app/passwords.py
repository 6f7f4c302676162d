"""Password hashes, computed in worker threads: as many concurrently as there are CPUs, and only so many more may wait."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import anyio
from anyio import to_thread

from userdb import errors
from userdb import passwords as userdb_passwords
from userdb.settings import Settings


class Passwords:
    """Checks and makes the hashes of this process."""

    def __init__(self, settings: Settings) -> None:
        self._workers = anyio.CapacityLimiter(settings.password_workers)
        self._slots = anyio.Semaphore(settings.password_workers + settings.password_queue)

    @contextmanager
    def slot(self) -> Iterator[None]:
        """A slot in the queue. Raises Busy where all are taken."""
        try:
            self._slots.acquire_nowait()
        except anyio.WouldBlock:
            raise errors.Busy("Too many are logging in.") from None
        try:
            yield
        finally:
            self._slots.release()

    async def matches(self, password_hash: str | None, password: str) -> bool:
        """Whether it is the password of this hash."""
        return await to_thread.run_sync(userdb_passwords.matches, password_hash, password, limiter=self._workers)

    async def hashed(self, password: str) -> str:
        """The hash to keep."""
        return await to_thread.run_sync(userdb_passwords.hashed, password, limiter=self._workers)
