"""The WSGI middleware: watches the slots of its process, and how long each request waited for one."""

from __future__ import annotations

import atexit
import math
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from . import executor
from .episode import Measured, Seen
from .pools import Pool
from .requests import Request, current
from .settings import THRESHOLD, Into, sink_of
from .slots import Slots
from .writer import Writer

Environ = dict[str, Any]
App = Callable[[Environ, Any], Iterable[bytes]]


class StallsMiddleware:
    """Records go `into` a file or a callable. `slots`: how many threads the server has; known by itself for gunicorn's
    sync workers, and where the queue of its threads is timed (`stalls.executor.time_queue`).
    """

    def __init__(
        self,
        app: App,
        into: Into = "stalls.jsonl",
        threshold: float = THRESHOLD,
        slots: int | None = None,
        pools: Mapping[str, Callable[[], int]] | None = None,
    ) -> None:
        self.app = app
        self._threshold, self._count, self._waiting = threshold, slots, dict(pools or {})
        self._writer = Writer(sink_of(into))
        self._lock = threading.Lock()
        self._slots: Slots | None = None
        self._pools: list[Pool] = []
        atexit.register(self.stop)

    def __call__(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        """Pass a request on; its slot is taken until the server closes the answer."""
        request = Request(environ.get("HTTP_X_REQUEST_ID"), lambda: route(environ), time.monotonic())
        queue, request.wait = executor.of_this_thread()
        if request.wait is None:
            request.wait = waited(environ.get("HTTP_X_REQUEST_START"), time.time())
        environ["stalls.wait"] = request.wait
        current.set(request)  # until the next one in this thread
        slots = self._slots or self._start(environ, queue)
        slots.enter(request)
        try:
            answer = self.app(environ, start_response)
        except BaseException:
            self._end(slots, request, queue)
            raise
        if isinstance(answer, environ.get("wsgi.file_wrapper") or ()):
            self._end(slots, request, queue)  # the server sends it in its own way, if it is what it gave
            given: Iterable[bytes] = answer
            return given
        return Answer(answer, lambda: self._end(slots, request, queue))

    def _start(self, environ: Environ, queue: executor.Queue | None) -> Slots:
        """At the first request: in the process that serves, not in one that forks it."""
        with self._lock:
            if self._slots is None:
                count = self._count or (queue.slots if queue else 1 if not environ["wsgi.multithread"] else UNKNOWN)
                self._slots = Slots(self._writer, self._threshold, count, queue.waiting if queue else None)
                self._pools = [Pool(self._writer, self._threshold, *pool) for pool in self._waiting.items()]
        return self._slots

    def _end(self, slots: Slots, request: Request, queue: executor.Queue | None) -> None:
        slots.leave()
        request.ended()
        if request.wait is not None and request.wait >= self._threshold:
            self._tell_of_wait(request, queue)

    def _tell_of_wait(self, request: Request, queue: executor.Queue | None) -> None:
        wait = request.wait or 0.0
        measured = Measured(
            number=0,
            watched="slots",
            start=request.since - wait,
            end=request.since,
            over=True,
            cpu=None,
            process_cpu=0.0,
            gc=0.0,
            in_flight=1,
            requests=(request.id,),
            kind="queue",
            waiting=queue.waiting() if queue else None,
            route=request.route,
            request=request.id,
        )
        self._writer.put(measured, Seen(0))

    def stop(self) -> None:
        """End the watch and write what is left: done by itself when the process ends."""
        atexit.unregister(self.stop)
        for watch in (self._slots, *self._pools):
            if watch is not None:
                watch.stop()
        self._slots, self._pools = None, []
        self._writer.stop()


UNKNOWN = 1 << 30
"""So many slots are never taken: where their number is not known, waits are told of and full slots are not."""


class Answer:
    """An answer that tells when the server has closed it."""

    def __init__(self, answer: Iterable[bytes], closed: Callable[[], None]) -> None:
        self._answer, self._closed = answer, closed

    def __iter__(self) -> Iterator[bytes]:
        """Its parts, made in a frame of this module, so that it is known who makes them."""
        yield from self._answer

    def close(self) -> None:
        """What the server calls in the end, whatever happened."""
        try:
            if hasattr(self._answer, "close"):
                self._answer.close()
        finally:
            self._closed()


def route(environ: Environ) -> str:
    """Method and route as Flask (werkzeug) found it; the path where nothing has been routed yet."""
    rule = getattr(getattr(environ.get("werkzeug.request"), "url_rule", None), "rule", None)
    return f"{environ['REQUEST_METHOD']} {rule or environ.get('PATH_INFO', '')}"


def waited(start: str | None, now: float) -> float | None:
    """Seconds since `X-Request-Start`, which nginx sets by `proxy_set_header X-Request-Start t=${msec};`. Others send
    milli- or microseconds. None where there is none, or where it is more than an hour ago or to come: another clock.
    """
    try:
        began = float((start or "").strip().removeprefix("t="))
    except ValueError:
        return None
    if not math.isfinite(began):
        return None
    while began > 1e11:
        began /= 1000
    wait = now - began
    return max(wait, 0.0) if -0.1 < wait < 3600 else None
