"""The scenarios by name. To add one: a file `_name.py` with a function `ask`, and a line here."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import _everyday
import _floor
import _login
import _pages
import _read
import _waiting
import _write
from _request import Request

if TYPE_CHECKING:
    from _asker import Asker

SCENARIOS: dict[str, Callable[[Asker], Request]] = {
    "everyday": _everyday.ask,
    "read": _read.ask,
    "pages": _pages.ask,
    "write": _write.ask,
    "waiting": _waiting.ask,
    "login": _login.ask,
    "floor": _floor.ask,
}
"""What one arrival asks for."""

WITHOUT_USERS = {"floor", "write"}
"""Scenarios that ask for no seeded user, so that the target need not have any."""

WRITING = {"everyday", "write"}
"""Scenarios for which each process that sends logs in at first."""
