"""Who may wait for a password to be hashed: logins have their part and new passwords theirs, so that neither keeps out the other.

Counting is all it does: it computes nothing and never waits. The apps hash in the order in which slots were taken. `Oldest` is
for threads that wait for whatever there are few of: an event loop's own semaphore keeps that order by itself.
"""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Generic, TypeVar

from userdb import errors
from userdb.pools import Read, State

Thing = TypeVar("Thing")


class Oldest(Generic[Thing]):
    """Things that threads take and give back: handed to whoever has waited longest, so that no newcomer passes."""

    def __init__(self) -> None:
        self._idle: list[Thing] = []
        self._waiting: deque[Future[Thing]] = deque()
        self._lock = threading.Lock()

    def waiting(self) -> int:
        """How many wait for one."""
        return sum(not place.cancelled() for place in tuple(self._waiting))

    def idle(self) -> int:
        """How many nobody has."""
        return len(self._idle)

    def take(self, seconds: float) -> Thing:
        """One of them, the one that was given back last. Raises TimeoutError where none came free in time."""
        with self._lock:
            if self._idle:
                return self._idle.pop()
            place: Future[Thing] = Future()
            self._waiting.append(place)
        try:
            return place.result(seconds)
        except TimeoutError:
            if place.cancel():
                raise
            return place.result()  # it was given just now

    def give(self, thing: Thing) -> None:
        """Give it to whoever has waited longest, or leave it."""
        with self._lock:
            while self._waiting:
                place = self._waiting.popleft()
                if place.set_running_or_notify_cancel():  # who waits no longer has cancelled
                    place.set_result(thing)
                    return
            self._idle.append(thing)


class Places:
    """Of something that takes long, so many at a time in this process."""

    def __init__(self, most: int, refusal: str) -> None:
        self._most, self._left, self._refusal = most, most, refusal
        self._lock = threading.Lock()

    def pool(self) -> State:
        """How many are taken; nobody waits."""
        return State(self._most - self._left, self._left, 0, self._most)

    @contextmanager
    def one(self) -> Iterator[None]:
        """Hold one of them. Raises Busy where all are taken."""
        with self._lock:
            if not self._left:
                raise errors.Busy(self._refusal)
            self._left -= 1
        try:
            yield
        finally:
            with self._lock:
                self._left += 1


Limits = dict[str, int]
"""Of what a slot counts among, and how many there may be."""


class Queue:
    """The slots of one process."""

    def __init__(self, slots: int) -> None:
        self._logins, self._name = slots, max(1, slots // 2)
        self._known, self._known_name = max(1, slots // 4), max(1, slots // 8)
        self._passwords, self._share = max(1, slots // 2), max(1, slots // 4)
        self._taken: Counter[str] = Counter()
        self._lock = threading.Lock()

    def pools(self) -> dict[str, Read]:
        """How many slots are taken, of logins (those for known devices alone are not among them) and of new passwords."""
        return {
            "logins": lambda: self._pool("logins", self._logins),
            "passwords": lambda: self._pool("passwords", self._passwords),
        }

    def _pool(self, name: str, limit: int) -> State:
        taken = self._taken[name]
        return State(taken, limit - taken, 0, limit)

    @contextmanager
    def login(self, username: str, is_known: bool) -> Iterator[None]:
        """A slot for a login; where all or those of a name are taken, one of some for known devices alone. Raises Busy."""
        ways = [{"logins": self._logins, f"login {username}": self._name}]
        if is_known:
            ways.append({"known": self._known, f"known {username}": self._known_name})
        with self._slot(ways, "Too many are logging in."):
            yield

    @contextmanager
    def new_password(self, owner: str) -> Iterator[None]:
        """A slot for a new password that `owner` sets, who has a share of them. Raises Busy where all are taken."""
        with self._slot(
            [{"passwords": self._passwords, f"of {owner}": self._share}], "Too many are setting passwords."
        ):
            yield

    @contextmanager
    def _slot(self, ways: list[Limits], refusal: str) -> Iterator[None]:
        taken = self._take(ways)
        if taken is None:
            raise errors.Busy(refusal)
        try:
            yield
        finally:
            with self._lock:
                self._taken -= Counter(taken.keys())  # keeps none of whoever has none

    def _take(self, ways: list[Limits]) -> Limits | None:
        """Take a slot in the first way in which there is one."""
        with self._lock:
            for way in ways:
                if all(self._taken[name] < limit for name, limit in way.items()):
                    self._taken.update(way.keys())
                    return way
        return None
