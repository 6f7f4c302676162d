"""Everything that can go wrong for a client, each error with its status.

Problem
├── LoginRequired 303         a page that is only for those who are logged in: to the page that logs in
├── BadRequest 400            malformed JSON or percent-encoding
├── Unauthorized 401          no token that holds, or a wrong name or password
├── Forbidden 403             not for this account, or not sent by a page of ours
├── NotFound 404              unknown path or id
├── MethodNotAllowed 405      with the methods that are
├── Taken 409                 the field whose value another user has
├── LinesTaken 409            the same of the lines of a file
├── PreconditionFailed 412    If-Match that no longer holds
├── TooLarge 413
├── UnsupportedMediaType 415
├── Invalid 422               every invalid field at once
├── UpgradeRequired 426       a WebSocket was not asked for, or one of another version
├── TooManyAttempts 429       to log in, with Retry-After
├── HungUp 499                the client, before the answer: nginx's number, and nobody sees it
├── Internal 500
├── Unsupported 501           a WebSocket, by this server
├── NewsFailed 502
├── Busy 503                  database or app, with Retry-After
└── NewsSlow 504
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from userdb.statuses import TITLES

MOST_ERRORS = 20
"""Invalid fields that an answer names: more than any form has, and so few that the answer does not grow with what is sent."""

LONGEST_NAME = 80
"""Characters of such a name that are told."""


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


class LoginRequired(Problem):
    status = 303

    def __init__(self, path: str) -> None:
        super().__init__("Log in first.")
        self.headers = [("location", f"/login?next={quote(path, safe='/')}")]


class Unauthorized(Problem):
    status = 401

    def __init__(self, detail: str = "This needs a token: log in first.") -> None:
        super().__init__(detail)
        self.headers = [("www-authenticate", "Bearer")]


class Forbidden(Problem):
    status = 403
    detail = "This is not for you."


class NotFound(Problem):
    status = 404
    detail = "There is nothing here."


class MethodNotAllowed(Problem):
    status = 405

    def __init__(self, allow: str) -> None:
        super().__init__(f"This URL takes {allow}.")
        self.headers = [("allow", allow)]


class Taken(Problem):
    status = 409

    def __init__(self, field: str) -> None:
        super().__init__(f"Another user has this {field}.", [(field, "is taken")])


class LinesTaken(Problem):
    status = 409
    detail = "Other users have some of these names and addresses."

    def __init__(self, lines: Sequence[tuple[str, str]]) -> None:
        super().__init__(None, lines)


class PreconditionFailed(Problem):
    status = 412
    detail = "The user has changed since you read it."


class TooLarge(Problem):
    status = 413
    detail = "The request is larger than this URL takes."


class UnsupportedMediaType(Problem):
    status = 415
    detail = "The body must be application/json."


class Invalid(Problem):
    status = 422
    detail = "Some values are not valid."

    def __init__(self, detail: str | None = None, errors: Sequence[tuple[str, str]] = ()) -> None:
        if len(errors) > MOST_ERRORS:
            detail = f"{len(errors)} values are not valid; these are the first {MOST_ERRORS}."
        super().__init__(detail, [(_told(name), message) for name, message in errors[:MOST_ERRORS]])


class UpgradeRequired(Problem):
    status = 426

    def __init__(self) -> None:
        super().__init__("This URL speaks WebSocket, version 13, alone: /api/events has the same over HTTP.")
        self.headers = [("upgrade", "websocket"), ("sec-websocket-version", "13")]


class TooManyAttempts(Problem):
    status = 429

    def __init__(self, seconds: int) -> None:
        super().__init__("Too many attempts to log in under this name; try again later.")
        self.headers = [("retry-after", str(max(seconds, 1)))]


class HungUp(Problem):
    status = 499
    detail = "The client hung up."


class Internal(Problem):
    pass


class Unsupported(Problem):
    status = 501
    detail = "This server holds no WebSockets: /api/events has the same over HTTP."


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


def _told(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"


def of_status(status: int) -> Problem:
    """The error for a status that a framework decided on by itself."""
    for kind in (BadRequest, NotFound, TooLarge, UnsupportedMediaType):  # what the frameworks decide on
        if kind.status == status:
            return kind()
    problem = Problem(TITLES.get(status, "The request can't be answered") + ".")
    problem.status = status
    return problem
