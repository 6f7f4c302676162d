"""What an app logs: one JSON object a line, with the id of the request that it is about.

Requests that went well are logged only where that is asked for (ACCESS_LOG=1): else it would be measured. Whoever gets
an error of ours is told the request id, and here it is found again.

Strangers decide how often something is logged, and part of what: whatever no terminal should get is written as an escape,
and what repeats is counted. That holds for the servers' own loggers as well.
"""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime
from time import time

import msgspec

from userdb import trace
from userdb.errors import Problem

FIRST, WINDOW = 10, 60.0
"""How many lines of a kind are written in so many seconds; from then on one whenever their number has doubled."""

LONGEST = 8_000
"""Characters of a message, and of what is told of an exception."""

MOST_KINDS = 1_000
SERVERS = ("gunicorn.error", "uvicorn.error")
ACCESS = ("gunicorn.access", "uvicorn.access")


def printable(text: str) -> str:
    """The text with escapes for what is no visible character: commands for a terminal, line breaks, what turns text around."""
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else _escape(each) for each in text)


def _escape(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[start : start + 4]}" for start in range(0, len(units), 4))


def _lines(text: str) -> str:
    """The last of a longer text, printable line by line."""
    return "\n".join(map(printable, text[-LONGEST:].split("\n")))


class Repeats(logging.Filter):
    """Lets lines pass, printable and bounded; of a kind that repeats only some, with how many they stand for."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: dict[str, tuple[float, int]] = {}  # by kind: when its window began, and how many there were in it

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether this one is written."""
        kind = _kind(record)
        began, count = self.seen.get(kind, (record.created, 0))
        before = 0
        if not 0 <= record.created - began < WINDOW:
            began, before, count = record.created, count, 0
        count += 1
        if len(self.seen) > MOST_KINDS:
            self.seen.clear()
        self.seen[kind] = began, count
        more = f" ({count} of this kind within a minute)" if count > FIRST else ""
        more = f" ({before} of this kind in a minute before)" if before > FIRST else more
        record.msg, record.args = printable(record.getMessage()[:LONGEST].rstrip())[:LONGEST] + more, ()
        record.__dict__.pop(
            "color_message", None
        )  # uvicorn's, which would be filled in with what is not there any more
        if record.exc_info and not record.exc_text:
            record.exc_text = _lines("".join(traceback.format_exception(*record.exc_info)).rstrip())
        return count <= FIRST or count & (count - 1) == 0


def _kind(record: logging.LogRecord) -> str:
    """Of what kind a line is, whatever a stranger has put into it."""
    kind = getattr(record, "kind", None) or str(record.msg)[:30]
    if record.exc_info and record.exc_info[2]:
        place = traceback.extract_tb(record.exc_info[2], limit=-1)[0]
        kind += f" {record.exc_info[0]} {place.filename} {place.lineno}"
    return f"{record.name} {record.levelno} {kind}"


class Printable(logging.Filter):
    """Makes the lines of an access log printable; how many there are is for whoever has switched it on."""

    def filter(self, record: logging.LogRecord) -> bool:
        """All are written."""
        if isinstance(record.args, Mapping):
            record.msg, record.args = printable(record.getMessage()), ()
        elif record.args:
            record.args = tuple(printable(each) if isinstance(each, str) else each for each in record.args)
        return True


repeats, _access = Repeats(), Printable()


def bound() -> None:
    """Have the servers' own loggers, and whatever has no other handler, keep to the same."""
    for name in SERVERS:
        logging.getLogger(name).addFilter(repeats)
    for name in ACCESS:
        logging.getLogger(name).addFilter(_access)
    if logging.lastResort is not None:
        logging.lastResort.addFilter(repeats)


class Line(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One line of the log, in this member order."""

    time: str  # UTC, to the millisecond
    level: str  # "warning" or "error"
    logger: str  # the app
    message: str
    request_id: str | None = None
    trace_id: str | None = None
    exception: str | None = None


class Access(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A request that was answered, where that is asked for: without its query and what else a client may want to hide."""

    time: str  # UTC, to the millisecond
    logger: str  # the app
    method: str
    path: str  # printable, its beginning
    status: int
    ms: float  # from the arrival of the request in the app to its answer
    request_id: str
    trace_id: str | None = None


LONGEST_PATH = 200


def access(app: str, method: str, path: str, status: int, seconds: float, request_id: str, parent: str | None) -> None:
    """Write to standard error that a request was answered, as one line."""
    line = Access(
        time=_utc(time()), logger=app, method=printable(method), path=printable(path[:LONGEST_PATH]), status=status,
        ms=round(seconds * 1000, 3), request_id=printable(request_id), trace_id=trace.trace_id(parent),
    )  # fmt: skip
    sys.stderr.write(msgspec.json.encode(line).decode() + "\n")  # in one piece, or lines of threads would mix


def _utc(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Formatter(logging.Formatter):
    """Makes a line of a log record."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as JSON, without a line break, whatever its message holds."""
        line = Line(
            time=_utc(record.created),
            level=record.levelname.lower(),
            logger=record.name,
            message=printable(record.getMessage()),
            request_id=printable(found) if (found := getattr(record, "request_id", None)) else None,
            trace_id=getattr(record, "trace_id", None),
            exception=record.exc_text or (_lines(self.formatException(record.exc_info)) if record.exc_info else None),
        )
        return msgspec.json.encode(line).decode()


def logger(app: str) -> logging.Logger:
    """The logger of an app, which writes such lines to standard error."""
    found = logging.getLogger(app)
    if not found.handlers:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(Formatter())
        found.addHandler(handler)
        found.addFilter(repeats)
    return found


def _about(request_id: str, parent: str | None) -> dict[str, str | None]:
    """Which request a line is about, and which trace that belongs to."""
    return {"request_id": request_id, "trace_id": trace.trace_id(parent)}


def problem(to: logging.Logger, problem: Problem, request_id: str, parent: str | None = None) -> None:
    """Log that something behind the app failed: answers of 502 and above, with their cause."""
    if problem.status > 501:
        cause = f": {problem.__cause__!r}" if problem.__cause__ else ""
        kind = f"{problem.status} {problem.detail}"
        to.warning("%s%s", kind, cause, extra={**_about(request_id, parent), "kind": kind})


def fault(to: logging.Logger, error: Exception, request_id: str, parent: str | None = None) -> None:
    """Log a fault of ours, in full."""
    to.error("a fault of ours", exc_info=error, extra=_about(request_id, parent))
