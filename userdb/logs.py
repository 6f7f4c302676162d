"""What an app logs: one JSON object a line, with the id of the request that it is about.

Requests that went well are not logged: nginx can do that, and here it would be measured. Whoever gets an error of ours is
told the request id, and here it is found again.
"""

from __future__ import annotations

import logging
import sys
from datetime import UTC, datetime

import msgspec

from userdb.errors import Problem


class Line(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One line of the log, in this member order."""

    time: str  # UTC, to the millisecond
    level: str  # "warning" or "error"
    logger: str  # the app
    message: str
    request_id: str | None = None
    exception: str | None = None


class Formatter(logging.Formatter):
    """Makes a line of a log record."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as JSON, without a line break, whatever its message holds."""
        time = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        line = Line(
            time=time,
            level=record.levelname.lower(),
            logger=record.name,
            message=record.getMessage(),
            request_id=getattr(record, "request_id", None),
            exception=self.formatException(record.exc_info) if record.exc_info else None,
        )
        return msgspec.json.encode(line).decode()


def logger(app: str) -> logging.Logger:
    """The logger of an app, which writes such lines to standard error."""
    found = logging.getLogger(app)
    if not found.handlers:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(Formatter())
        found.addHandler(handler)
    return found


def problem(to: logging.Logger, problem: Problem, request_id: str) -> None:
    """Log that something behind the app failed: answers of 502 and above, with their cause."""
    if problem.status > 501:
        cause = f": {problem.__cause__!r}" if problem.__cause__ else ""
        to.warning("%s %s%s", problem.status, problem.detail, cause, extra={"request_id": request_id})


def fault(to: logging.Logger, error: Exception, request_id: str) -> None:
    """Log a fault of ours, in full."""
    to.error("a fault of ours", exc_info=error, extra={"request_id": request_id})
