"""Who may wait for a password to be hashed: logins have their part and new passwords theirs, so that neither keeps out the other.

Counting is all it does: it computes nothing and never waits. The apps hash in the order in which slots were taken.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from userdb import errors


class Queue:
    """The slots of one process."""

    def __init__(self, slots: int) -> None:
        self._logins = slots
        self._known = max(1, slots // 4)  # more, for devices that logged in before
        self._passwords = max(1, slots // 2)
        self._share = max(1, slots // 4)  # of one who sets passwords
        self._name = max(1, slots // 2)  # of one name that logs in
        self._taken: Counter[str] = Counter()
        self._lock = threading.Lock()

    @contextmanager
    def login(self, username: str, is_known: bool) -> Iterator[None]:
        """A slot for a login, one of the last for a device that is known. Raises Busy where all, or all of a name, are taken."""
        most = {"logins": self._logins, f"as {username}": self._name}
        if is_known:
            most = {"logins": self._logins + self._known}
        with self._slot(most, "Too many are logging in."):
            yield

    @contextmanager
    def new_password(self, owner: str) -> Iterator[None]:
        """A slot for a new password that `owner` sets, who has a share of them. Raises Busy where all are taken."""
        most = {"passwords": self._passwords, f"of {owner}": self._share}
        with self._slot(most, "Too many are setting passwords."):
            yield

    @contextmanager
    def _slot(self, most: dict[str, int], refusal: str) -> Iterator[None]:
        with self._lock:
            if any(self._taken[name] >= limit for name, limit in most.items()):
                raise errors.Busy(refusal)
            self._taken.update(most.keys())
        try:
            yield
        finally:
            with self._lock:
                self._taken.subtract(most.keys())
                self._taken += Counter()  # forgets whoever has none
