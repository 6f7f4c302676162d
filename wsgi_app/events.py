"""Events for all who listen in this process: those who have come equally far share what is asked of the database."""

from __future__ import annotations

from threading import Lock
from time import monotonic

from userdb import errors, events
from userdb.events import Format

from .stores import Store


class Events:
    """What follows each event that somebody had last, as far as it was known a moment ago."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[tuple[int, Format], tuple[int, bytes]] = {}
        self._since = 0.0
        self._lock = Lock()

    def after(self, last: int, form: Format) -> tuple[int, bytes]:
        """The last of the events that follow one, and all of them as they are sent; while the database is busy there are none."""
        with self._lock:
            if monotonic() - self._since >= events.INTERVAL:
                self._known.clear()
                self._since = monotonic()
            if (last, form) not in self._known:
                self._known[last, form] = self._asked(last, form)
            return self._known[last, form]

    def _asked(self, last: int, form: Format) -> tuple[int, bytes]:
        there = None
        try:
            found = self._store.events_after(last)
            if found and found[0].id > last + 1:
                there = self._store.kept_events()
        except errors.Busy:
            return last, b""
        return events.following(last, found, there, form)
