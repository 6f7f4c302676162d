"""An alarm for the event loop, exact to some ten microseconds where Linux offers timerfd.

gevent's own timers wake up to a millisecond late, because epoll waits in whole milliseconds. A timerfd is a file that
becomes readable at its time, which wakes epoll at once.
"""

from __future__ import annotations

import ctypes
import math
import os
import sys
import time
from collections.abc import Callable
from typing import Any

import gevent

READ = 1
_ABSOLUTE = 1  # TFD_TIMER_ABSTIME


class _TimeSpec(ctypes.Structure):
    _fields_ = (("seconds", ctypes.c_long), ("nanoseconds", ctypes.c_long))


class _TimerSpec(ctypes.Structure):
    _fields_ = (("interval", _TimeSpec), ("value", _TimeSpec))


class TimerFile:
    """A timerfd. Raises OSError where the system has none."""

    def __init__(self) -> None:
        if sys.version_info >= (3, 13):
            create = getattr(os, "timerfd_create", None)
            if create is None:
                raise OSError("no timerfd")
            self.fd: int = create(time.CLOCK_MONOTONIC, flags=os.O_NONBLOCK | os.O_CLOEXEC)
            return
        try:
            self._libc: Any = ctypes.CDLL(None, use_errno=True)
            self.fd = self._libc.timerfd_create(time.CLOCK_MONOTONIC, os.O_NONBLOCK | os.O_CLOEXEC)
        except (AttributeError, TypeError) as error:
            raise OSError("no timerfd") from error
        if self.fd < 0:
            raise OSError(ctypes.get_errno(), "no timerfd")
        self._spec = _TimerSpec()
        self._time = self._spec.value  # a part of it, not a copy
        self._arguments = self.fd, _ABSOLUTE, ctypes.byref(self._spec), None
        self._settime = self._libc.timerfd_settime

    def set(self, at: float) -> None:
        """Become readable at this time of the monotonic clock; 0: never. What has been readable no longer is."""
        nanoseconds = int(at * 1e9)
        if sys.version_info >= (3, 13):
            os.timerfd_settime_ns(self.fd, flags=_ABSOLUTE, initial=nanoseconds)
            return
        self._time.seconds, self._time.nanoseconds = divmod(nanoseconds, 1_000_000_000)
        if self._settime(*self._arguments):
            raise OSError(ctypes.get_errno(), "timerfd_settime failed")

    def close(self) -> None:
        """Give the file back."""
        os.close(self.fd)


class Alarm:
    """Calls back in the event loop at a time of `time.monotonic()`; the callback must not wait."""

    def __init__(self, call: Callable[[], None], open_file: Callable[[], TimerFile] = TimerFile) -> None:
        self._call = call
        self._loop: Any = gevent.get_hub().loop
        self._watcher: Any = None
        try:
            self._file: TimerFile | None = open_file()
        except OSError:
            self._file = None
        else:
            self._watcher = self._loop.io(self._file.fd, READ)
            self._watcher.start(call)

    def set(self, at: float) -> None:
        """Call at this time, infinity meaning never, and forget the time set before; if it has passed, call at once."""
        if self._file is not None:
            self._file.set(0.0 if at == math.inf else at)
            return
        self._stop()
        if at < math.inf:
            self._watcher = self._loop.timer(max(at - time.monotonic(), 0.0))
            self._watcher.start(self._call, update=True)

    def close(self) -> None:
        """The end of it."""
        self._stop()
        if self._file is not None:
            self._file.close()

    def _stop(self) -> None:
        if self._watcher is not None:
            self._watcher.stop()
            self._watcher.close()
            self._watcher = None
