"""Password hashes, computed in worker threads: as many concurrently as there are CPUs, and only so many more may wait."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from userdb import errors
from userdb import passwords as userdb_passwords
from userdb.settings import Settings


class Passwords:
    """Checks and makes the hashes of this process."""

    def __init__(self, settings: Settings) -> None:
        # Threads of their own: one that has hashed once keeps the 19 MiB it took, and the server has many threads.
        self._workers = ThreadPoolExecutor(settings.password_workers)
        self._slots = threading.BoundedSemaphore(settings.password_workers + settings.password_queue)

    @contextmanager
    def slot(self) -> Iterator[None]:
        """A slot in the queue. Raises Busy where all are taken."""
        if not self._slots.acquire(blocking=False):
            raise errors.Busy("Too many are logging in.")
        try:
            yield
        finally:
            self._slots.release()

    def matches(self, password_hash: str | None, password: str) -> bool:
        """Whether it is the password of this hash."""
        return self._workers.submit(userdb_passwords.matches, password_hash, password).result()

    def hashed(self, password: str) -> str:
        """The hash to keep."""
        return self._workers.submit(userdb_passwords.hashed, password).result()
