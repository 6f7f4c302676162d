"""Signals that ask the harness to stop."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from tandem.errors import Stopped

AGAIN = 0.05
"""Seconds until a signal comes once more whose `Stopped` was swallowed."""

SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))


@contextmanager
def stoppable() -> Iterator[None]:
    """Turn SIGINT, SIGTERM and SIGHUP into `Stopped`; the first silences the rest, so that cleaning up is never cut short.

    Where one comes while Python clears an object away, in `__del__` or a callback of the collector, what it raises is swallowed
    there: then it comes once more, or nothing would stop the harness any longer.
    """

    def stop(number: int, _: FrameType | None) -> None:
        for each in SIGNALS:
            signal.signal(each, signal.SIG_IGN)
        raise Stopped(number)

    def listen() -> None:
        for each in SIGNALS:
            if each.name != "SIGHUP" or before[each] is not signal.SIG_IGN:  # nohup stays nohup
                signal.signal(each, stop)

    def swallowed(what: sys.UnraisableHookArgs) -> None:
        if not isinstance(what.exc_value, Stopped):
            told(what)
            return
        listen()
        threading.Timer(AGAIN, os.kill, (os.getpid(), what.exc_value.number)).start()

    before, told = {each: signal.getsignal(each) for each in SIGNALS}, sys.unraisablehook
    listen()
    sys.unraisablehook = swallowed
    try:
        yield
    finally:
        sys.unraisablehook = told
        for each, handler in before.items():
            signal.signal(each, handler)
