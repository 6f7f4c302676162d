"""Everything that can go wrong for a client, each error with its status.

Problem
├── BadRequest 400            malformed JSON or percent-encoding
├── NotFound 404              unknown path or id
├── MethodNotAllowed 405      with the methods that are
├── Taken 409                 the field whose value another user has
├── PreconditionFailed 412    If-Match that no longer holds
├── TooLarge 413
├── UnsupportedMediaType 415
├── Invalid 422               every invalid field at once
├── Internal 500
├── NewsFailed 502
├── Busy 503                  database or app, with Retry-After
└── NewsSlow 504
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import exc

TITLES = {
    400: "Bad Request",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    409: "Conflict",
    411: "Length Required",
    412: "Precondition Failed",
    413: "Content Too Large",
    414: "URI Too Long",
    415: "Unsupported Media Type",
    421: "Misdirected Request",
    422: "Unprocessable Content",
    429: "Too Many Requests",
    431: "Request Header Fields Too Large",
    500: "Internal Server Error",
    501: "Not Implemented",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}
"""Titles as RFC 9110 names them; Python's own differ between its versions."""


class Problem(Exception):
    """What the client is told: status, one sentence, and for invalid fields one message each."""

    status = 500
    detail = "Something went wrong on our side."

    def __init__(self, detail: str | None = None, errors: Sequence[tuple[str, str]] = ()) -> None:
        super().__init__(detail or self.detail)
        self.detail = detail or self.detail
        self.errors = errors  # (field, message), in the order of the form
        self.headers: list[tuple[str, str]] = []


class BadRequest(Problem):
    status = 400
    detail = "The request is malformed."


class NotFound(Problem):
    status = 404
    detail = "There is nothing here."


class MethodNotAllowed(Problem):
    status = 405

    def __init__(self, allow: str) -> None:
        super().__init__(f"This address takes {allow}.")
        self.headers = [("allow", allow)]


class Taken(Problem):
    status = 409

    def __init__(self, field: str) -> None:
        super().__init__(f"Another user has this {field}.", [(field, "is taken")])


class PreconditionFailed(Problem):
    status = 412
    detail = "The user has changed since you read it."


class TooLarge(Problem):
    status = 413
    detail = "The request is larger than this address takes."


class UnsupportedMediaType(Problem):
    status = 415
    detail = "The body must be application/json."


class Invalid(Problem):
    status = 422
    detail = "Some values are not valid."


class Internal(Problem):
    pass


class NewsFailed(Problem):
    status = 502
    detail = "The news service failed."


class Busy(Problem):
    status = 503

    def __init__(self, detail: str = "The database is busy.") -> None:
        super().__init__(detail)
        self.headers = [("retry-after", "1")]


class NewsSlow(Problem):
    status = 504
    detail = "The news service was too slow."


def of_status(status: int) -> Problem:
    """The error for a status that a framework decided on by itself."""
    for kind in Problem.__subclasses__():
        if kind.status == status and kind is not MethodNotAllowed and kind is not Taken:
            return kind()
    problem = Problem(TITLES.get(status, "The request can't be answered") + ".")
    problem.status = status
    return problem


@contextmanager
def from_database() -> Iterator[None]:
    """Turn what the database raises into what the client is told; anything unexpected passes through."""
    try:
        yield
    except exc.IntegrityError as error:
        raise Taken(_taken_field(error.orig)) from error
    except (exc.OperationalError, exc.TimeoutError) as error:
        raise Busy() from error


def _taken_field(error: object) -> str:
    # PostgreSQL names the constraint, SQLite the column, and both show it before any value.
    diagnostics = getattr(error, "diag", None)
    name = diagnostics.constraint_name if diagnostics else str(error).rpartition(".")[2]
    return "email" if str(name).endswith("email") else "username"
