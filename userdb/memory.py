"""What the garbage collector of a process looks at: not what stays for as long as the app, and seldom what requests have made."""

from __future__ import annotations

import gc

SELDOM = 10_000
"""Objects made and not yet let go of, before the collector looks: what some hundred requests in progress hold. Python's own 700
are what thirty hold, and reference counts free them: a read leaves no cycle."""


def settle() -> None:
    """All that is there by now stays: a full collection would look at 100,000 objects, and hold up all requests for 0.1 s."""
    gc.freeze()
    gc.set_threshold(SELDOM, *gc.get_threshold()[1:])


def unsettle() -> None:
    """The app is over, and what was part of it may be collected."""
    gc.unfreeze()
