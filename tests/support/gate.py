"""A gate that a test shuts and opens: where threads wait before they do what they came for."""

from __future__ import annotations

import threading
from typing import Any

from tests.support.waiting import PATIENCE


class Gate:
    """Shut until it is opened, which must happen within `patience` seconds of each who waits."""

    def __init__(self, patience: float = PATIENCE) -> None:
        self.patience = patience
        self.changed = threading.Condition()
        self.is_open = False
        self.count = self.standing = self.most_standing = 0  # that have come, that stand here, that stood here together
        self.threads: set[int] = set()  # that have brought them

    def pass_through(self, *values: Any) -> bool:
        """Wait for the gate to open. Fails where nobody opens it, as when whoever is to open it waits, too."""
        with self.changed:
            self.count += 1
            self.standing += 1
            self.threads.add(threading.get_ident())
            self.most_standing = max(self.most_standing, self.standing)
            self.changed.notify_all()
            is_opened = self.changed.wait_for(lambda: self.is_open, self.patience)
            self.standing -= 1
        assert is_opened, "nobody could open the gate meanwhile"
        return True

    def wait_for(self, count: int) -> None:
        """Wait until so many stand here."""
        with self.changed:
            assert self.changed.wait_for(lambda: self.standing == count, PATIENCE)

    def open(self) -> None:
        """Let them through, and all that come."""
        with self.changed:
            self.is_open = True
            self.changed.notify_all()
