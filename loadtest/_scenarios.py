"""The scenarios by name. To add one: a file `_name.py` with a function `steps`, and a line here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import _everyday
import _floor
import _pages
import _read
import _waiting
import _write

if TYPE_CHECKING:
    from _client import Client

SCENARIOS: dict[str, Callable[[Client], Iterator[None]]] = {
    "everyday": _everyday.steps,
    "read": _read.steps,
    "pages": _pages.steps,
    "write": _write.steps,
    "waiting": _waiting.steps,
    "floor": _floor.steps,
}
"""What a user does: an endless iterator that sends one request each time it is asked to go on."""

WITHOUT_USERS = {"floor", "write"}
"""Scenarios that ask for no seeded user, so that the target need not have any."""
