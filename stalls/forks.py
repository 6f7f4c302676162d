"""Who must start again in a forked process: threads stay behind in the parent."""

from __future__ import annotations

import os
import weakref
from typing import Protocol


class Forked(Protocol):
    """What runs threads, which a fork leaves behind."""

    def after_fork(self) -> None:
        """Start again in the child."""


_known: weakref.WeakSet[Forked] = weakref.WeakSet()


def tell(forked: Forked) -> None:
    """Have `after_fork` called in every process forked from this one, while `forked` lives."""
    _known.add(forked)


def _forked() -> None:
    for forked in list(_known):
        forked.after_fork()


os.register_at_fork(after_in_child=_forked)
