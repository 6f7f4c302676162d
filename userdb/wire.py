"""Values become exactly the bytes that are sent: status, headers and body of every answer of the API."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import quote

import msgspec

from userdb import answers, errors, etags, metrics, openapi, statuses
from userdb.forms import UserForm
from userdb.models import User, timestamp
from userdb.news import Feed, Item
from userdb.sessions import Session, Sessions
from userdb.urls import PageOfUsers

JSON = "application/json"
PROBLEM = "application/problem+json"
CSV = "text/csv; charset=utf-8"
EVENTS = "text/event-stream"

BETWEEN_BYTES = 15.0
"""Seconds; what is silent for longer is cut off somewhere on its way."""


class Answer(msgspec.Struct, frozen=True):
    """One answer, complete: content-type and content-length are among the headers where there is a body. Names are in
    lower case, as ASGI demands; HTTP does not mind."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


class Open(Answer, frozen=True):
    """One that stays open for so many seconds, with a byte now and then."""

    seconds: float

    def waits(self) -> Iterator[float]:
        """For how long it waits after each byte."""
        left = self.seconds
        while left > 0:
            yield min(left, BETWEEN_BYTES)
            left -= BETWEEN_BYTES


class Streamed(Answer, frozen=True):
    """One of which `body` is only the first piece: the others are made one by one, each when the one before is on its way; an
    empty one only asks whether anybody is there still."""

    pieces: Any


class Socket(Streamed, frozen=True):
    """One that changes to a WebSocket: each line of a piece is a message. `key` is what the client sent to be shown again."""

    key: str


_encode = msgspec.json.Encoder().encode

NO_STORE = ("cache-control", "no-store")
"""What is for one person alone is kept nowhere on its way."""


def healthy() -> Answer:
    """The app answers."""
    return answer(200, JSON, b'{"status":"ok"}')


def ready() -> Answer:
    """The database answers too."""
    return answer(200, JSON, b'{"status":"ready"}')


def total(summands: tuple[int, int]) -> Answer:
    """The sum of two numbers, which may be longer than 64 bits."""
    return answer(200, JSON, b'{"sum":%d}' % sum(summands))


def blocked(seconds: float) -> Answer:
    """How many milliseconds a route below /lab was asked to block for."""
    return answer(200, JSON, b'{"blocked_ms":%d}' % round(seconds * 1000))


def done(name: str, amount: int) -> Answer:
    """How much a route below /lab was asked to do."""
    return answer(200, JSON, b'{"%s":%d}' % (name.encode(), amount))


def stays_open(seconds: float) -> Open:
    """An answer that comes a byte at a time; nginx passes each on at once."""
    headers = [("content-type", "text/plain; charset=utf-8"), ("x-accel-buffering", "no")]
    return Open(200, headers, b".", seconds)


def user(user: User, if_none_match: str | None = None) -> Answer:
    """One user, or 304 without a body where the client has this state already."""
    if etags.is_known(user, if_none_match):
        return Answer(304, [("etag", etags.of(user))], b"")
    return answer(200, JSON, _encode(user), ("etag", etags.of(user)))


def created(user: User) -> Answer:
    """A user that was just created, and where it is."""
    return answer(201, JSON, _encode(user), ("location", f"/api/users/{user.id}"), ("etag", etags.of(user)))


def imported(users: Sequence[UserForm]) -> Answer:
    """That these users were created."""
    return answer(201, JSON, _encode(answers.Imported(len(users))))


def exported(first: bytes, pieces: Any) -> Streamed:
    """All users as a CSV file."""
    disposition = 'attachment; filename="users.csv"'
    return Streamed(200, [("content-type", CSV), ("content-disposition", disposition)], first, pieces)


def events(first: bytes, pieces: Any) -> Streamed:
    """What is done to users, each event when it comes; nginx passes each on at once."""
    return Streamed(200, [("content-type", EVENTS), NO_STORE, ("x-accel-buffering", "no")], first, pieces)


def socket(first: bytes, pieces: Any, key: str) -> Socket:
    """The same as messages of a WebSocket."""
    return Socket(101, [], first, pieces, key)


def removed() -> Answer:
    """Nothing more to say."""
    return Answer(204, [], b"")


def options(allow: str) -> Answer:
    """The methods that a URL takes."""
    return Answer(204, [("allow", allow)], b"")


def users(found: list[User], page: PageOfUsers) -> Answer:
    """A page of users; `found` holds one more than the page's limit where there is a next page."""
    return answer(200, JSON, _encode(answers.UserList(found[: page.limit], next_page("/api/users", found, page))))


def news(user: User, items: list[Item]) -> Answer:
    """What the news service says about a user."""
    return answer(200, JSON, _encode(answers.UserNews(user.username, items)))


def feed(user: User, feed: Feed) -> Answer:
    """The news of several sources, in their order; a source that gave none stands under `missing` with the reason."""
    missing = [
        answers.MissingSource(s.number, s.problem.status, s.problem.detail)
        for s in feed.missing
        if s.problem is not None
    ]
    return answer(200, JSON, _encode(answers.UserFeed(user.username, feed.items, missing)))


def openapi_document() -> Answer:
    """The description of the API."""
    return answer(200, JSON, openapi.DOCUMENT)


def token(sessions: Sessions, session: Session, *headers: tuple[str, str]) -> Answer:
    """The token of a session that has just begun."""
    told = answers.Token(sessions.token(session), timestamp(session.expires))
    return _json(told, NO_STORE, *headers)


def me(user: User) -> Answer:
    """The user whose token was sent."""
    return _json(user, NO_STORE)


def counted(text: bytes) -> Answer:
    """What the app has counted, for Prometheus."""
    return answer(200, metrics.CONTENT_TYPE, text)


def problem(problem: errors.Problem, request_id: str) -> Answer:
    """What a program is told of an error."""
    body = _encode(
        answers.ProblemDetails(
            title=statuses.TITLES.get(problem.status, "Error"),
            status=problem.status,
            detail=problem.detail,
            request_id=request_id,
            errors=[answers.FieldError(field, message) for field, message in problem.errors] or msgspec.UNSET,
        )
    )
    return answer(problem.status, PROBLEM, body, *problem.headers)


def next_page(path: str, found: list[User], page: PageOfUsers) -> str | None:
    """The URL of the next page below `path`; `found` holds one more than the page's limit where there is one."""
    if len(found) <= page.limit:
        return None
    last = found[page.limit - 1]
    if not page.by_name:
        return f"{path}?after={last.id}&limit={page.limit}"
    search = f"&q={quote(page.q, safe='')}" if page.q else ""
    return f"{path}?after_username={last.username}&limit={page.limit}{search}"


def answer(status: int, content_type: str, body: bytes, *headers: tuple[str, str]) -> Answer:
    """A whole answer with a body."""
    return Answer(status, [("content-type", content_type), ("content-length", str(len(body))), *headers], body)


def _json(value: object, *headers: tuple[str, str]) -> Answer:
    return answer(200, JSON, _encode(value), *headers)
