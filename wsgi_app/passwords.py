"""Password hashes, computed in worker threads: as many concurrently as there are CPUs, and only so many more may wait."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from userdb import passwords as userdb_passwords
from userdb.queues import Queue
from userdb.settings import Settings


class Passwords:
    """Checks and makes the hashes of this process, for those who have a slot in its queue."""

    def __init__(self, settings: Settings) -> None:
        # Threads of their own: one that has hashed once keeps the 19 MiB it took, and the server has many threads.
        self._workers = ThreadPoolExecutor(settings.password_workers)
        self.queue = Queue(settings.password_workers + settings.password_queue)

    def matches(self, password_hash: str | None, password: str) -> bool:
        """Whether it is the password of this hash."""
        return self._workers.submit(userdb_passwords.matches, password_hash, password).result()

    def hashed(self, password: str) -> str:
        """The hash to keep."""
        return self._workers.submit(userdb_passwords.hashed, password).result()
