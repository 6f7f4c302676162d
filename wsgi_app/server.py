"""The seam to the server: what gunicorn can't read is answered by nginx, in the form of all other answers."""

from __future__ import annotations

import socket
from typing import Any

from gunicorn.http.errors import ParseException
from gunicorn.util import write_nonblock
from gunicorn.workers.base import Worker
from gunicorn.workers.gthread import ThreadWorker
from gunicorn.workers.sync import SyncWorker

from userdb.nginx_errors import MALFORMED


class Malformed(Worker):
    """Nothing else than the answer to a malformed request differs from the server's own."""

    def handle_error(self, req: Any, client: socket.socket, addr: Any, exc: BaseException) -> None:
        """Answer what was no request, or what failed."""
        if isinstance(exc, ParseException):
            self.log.warning("Invalid request received: %s", exc)
            write_nonblock(client, MALFORMED)
        else:
            super().handle_error(req, client, addr, exc)


class Sync(Malformed, SyncWorker):
    """A worker that handles one request at a time."""


class Threads(Malformed, ThreadWorker):
    """A worker that handles requests in threads."""
