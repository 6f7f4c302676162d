"""The seam to the server: what gunicorn can't read is answered by nginx, in the form of all other answers."""

from __future__ import annotations

import socket
from typing import Any

from gunicorn.http.errors import ParseException
from gunicorn.util import write_nonblock
from gunicorn.workers import gthread, sync
from gunicorn.workers.base import Worker

from userdb import settings
from userdb.nginx_errors import MALFORMED
from userdb.pools import State, of_seams


class Protocol(Worker):
    """The server's own; only its reply to what is no request is replaced."""

    def handle_error(self, req: Any, client: socket.socket, addr: Any, exc: BaseException) -> None:
        """Answer what was no request, or what failed."""
        if isinstance(exc, ParseException):
            self.log.warning("Invalid request received: %s", exc)
            write_nonblock(client, MALFORMED)
        else:
            super().handle_error(req, client, addr, exc)


class SyncWorker(Protocol, sync.SyncWorker):
    """A worker that handles one request at a time."""

    busy = 0

    def run(self) -> None:
        """Serve; how many wait in the socket is not known."""
        of_seams["slots"] = lambda: State(self.busy, 1 - self.busy, None, 1)
        super().run()

    def handle(self, listener: Any, client: socket.socket, addr: Any) -> None:
        """Handle a request."""
        self.busy = 1
        super().handle(listener, client, addr)
        self.busy = 0


class ThreadWorker(Protocol, gthread.ThreadWorker):
    """A worker that handles requests in threads."""

    def run(self) -> None:
        """Serve; where stalls are watched it is known how long requests wait for a thread."""
        of_seams["slots"] = self._slots
        if settings.from_environment().stalls_file:
            from stalls.executor import time_queue

            time_queue(self.tpool)
        super().run()

    def _slots(self) -> State:
        """How its threads are now: they are started when they are needed, and an executor has no public call for them."""
        limit, waiting = self.cfg.threads, self.tpool._work_queue.qsize()
        busy = len(self.tpool._threads) - self.tpool._idle_semaphore._value
        return State(busy, limit - busy, waiting, limit)
