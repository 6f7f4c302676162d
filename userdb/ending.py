"""Whether this process was told to end: what stays open for long ends by itself then, before the server's patience does."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

_told = threading.Event()


class _Noting:
    """What the server does at a signal, and that it came."""

    def __init__(self, handler: Callable[[int, FrameType | None], Any]) -> None:
        self._handler = handler

    def __call__(self, number: int, frame: FrameType | None) -> None:
        _told.set()
        self._handler(number, frame)


def watch() -> None:
    """Note the signals for which the server has handlers of its own; elsewhere than in the main thread it has none."""
    if threading.current_thread() is not threading.main_thread():
        return
    for number in (signal.SIGTERM, signal.SIGINT):
        handler = signal.getsignal(number)
        if callable(handler) and not isinstance(handler, _Noting):
            signal.signal(number, _Noting(handler))
            signal.siginterrupt(number, False)  # as gunicorn has it: a call of the system goes on


def is_near() -> bool:
    """Whether it was."""
    return _told.is_set()
