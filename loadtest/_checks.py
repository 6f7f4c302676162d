"""Whether an answer is the right one: a function per kind of answer, each raising `WrongAnswerError` where it is not.

All that is known beforehand is compared: of seeded users every field, of pages and lists every user on them, of news every
item. They run between two requests of the generator, so they look at everything but compute little: first whether the bytes are
those of the usual form, and only where they are not, whether another form says the same.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, MutableMapping, Sequence
from datetime import UTC, datetime
from typing import Any

import _seeded
import _usual

from openloop.answer import Answer, WrongAnswerError, equal, short

LIMIT = 20
"""Users on a page when no limit is asked for."""

FRAME_OF_PAGES: dict[str, Sequence[bytes]] = {
    "": (
        b"<title>",
        b'<link rel="stylesheet" href="/static/style.css">',
        b'<a class="brand" href="/">',
        b'<main id="main"',
    ),
    "/": (b'<form class="search" action="/users"', b'<a href="/api/users">', b'<a href="/docs">'),
    "/users": (b'<form class="search" action="/users"', b'<th scope="col">Username</th>', b'<nav class="pages"'),
    "/users/{id}": (b'<a href="/users">', b'">The same as JSON</a>', b'/news">'),
}
"""What stands on each page besides users, by route, and on all: a page without it is less work."""

_FIELDS = ["id", "username", "email", "age", "created_at", "version"]
_ROW = re.compile(
    rb'<tr><td>([^<]*)</td><th scope="row"><a href="/users/(\d+)">([^<]*)</a></th><td>([^<]*)</td><td>([^<]*)</td></tr>'
)
_TERM = re.compile(rb"<dt>([^<]*)</dt><dd>(?:<time[^>]*>)?([^<]*)")


def user(answer: Answer, expected: Mapping[str, object], status: int = 200) -> dict[str, Any]:
    """One user as JSON, complete, with the expected fields and the ETag of its version."""
    body = _object(_json(answer, status), _FIELDS)
    for name, value in expected.items():
        equal(name, value, body[name])
    equal("etag", f'"{body["version"]}"', answer.headers.get("etag"))
    return body


def seeded_user(answer: Answer, user_id: int) -> None:
    """One seeded user as JSON: all of it is known."""
    if not _is_json(answer, _usual.json(user_id)) or answer.headers.get("etag") != '"1"':
        user(answer, _seeded.fields(user_id))


def created(answer: Answer, expected: Mapping[str, object]) -> dict[str, Any]:
    """The user that was just created, and where it is."""
    body = user(answer, {**expected, "version": 1}, 201)
    equal("location", f"/api/users/{body['id']}", answer.headers.get("location"))
    return body


def changed(answer: Answer, expected: Mapping[str, object], version: int) -> dict[str, Any]:
    """A user after a change; `version` is the one before."""
    return user(answer, {**expected, "version": version + 1})


def unchanged(answer: Answer, etag: str) -> None:
    """304 for a state that still holds."""
    empty(answer, 304)
    equal("etag", etag, answer.headers.get("etag"))


def empty(answer: Answer, status: int) -> None:
    """An answer without a body."""
    equal("status", status, answer.status_code)
    equal("body", b"", answer.content or b"")


def users(answer: Answer, ids: Sequence[int], next_page: str | None, exact: bool) -> None:
    """A page of users as JSON: those with `ids`, then unless that is `exact`ly all, later ones."""
    following = f'"{next_page}"'.encode() if next_page else b"null"
    if exact and _is_json(answer, b'{"users":[%b],"next":%b}' % (b",".join(map(_usual.json, ids)), following)):
        return
    body = _object(_json(answer, 200), ["users", "next"])
    if not isinstance(body["users"], list):
        raise WrongAnswerError(f"users: expected a list, got {short(body['users'])}")
    found = [_object(each, _FIELDS) for each in body["users"]]
    _all_of([tuple(each.values()) for each in found], [tuple(_seeded.fields(each).values()) for each in ids], exact)
    if exact:
        equal("next", next_page, body["next"])


def only_user(answer: Answer, expected: Mapping[str, object]) -> None:
    """A page of users as JSON with one user on it, who has the expected fields."""
    body = _object(_json(answer, 200), ["users", "next"])
    equal("users", 1, len(body["users"]) if isinstance(body["users"], list) else body["users"])
    found = _object(body["users"][0], _FIELDS)
    for name, value in expected.items():
        equal(name, value, found[name])
    equal("next", None, body["next"])


def imported(answer: Answer, count: int) -> bool:
    """All users of a file are there."""
    equal("body", {"imported": count}, _json(answer, 201))
    return True


def file(answer: Answer, begin: bytes) -> None:
    """The file of all users: the seeded ones, then whoever came later, each line whole."""
    equal("status", 200, answer.status_code)
    equal("content-type", "text/csv; charset=utf-8", answer.headers.get("content-type"))
    if not answer.content.startswith(begin):
        _same(answer.content.split(b"\r\n"), begin.split(b"\r\n"), "line")
        raise WrongAnswerError(f"file: expected {len(begin)} bytes of seeded users, got {len(answer.content)}")
    equal("end of the file", b"\r\n", answer.content[-2:])


def page(answer: Answer, heading: str, route: str) -> bytes:
    """A whole HTML page with this heading, and with all that stands on each page of this route."""
    equal("status", 200, answer.status_code)
    equal("content-type", "text/html; charset=utf-8", answer.headers.get("content-type"))
    text = answer.content
    if f"<h1>{heading}</h1>".encode() not in text:
        raise WrongAnswerError(f"page: expected the heading {heading!r}, got {short(text)}")
    if not text.rstrip().endswith(b"</html>"):
        raise WrongAnswerError(f"page: expected it to end with </html>, got {short(text[-40:])}")
    for part in (*FRAME_OF_PAGES[""], *FRAME_OF_PAGES[route]):
        if part not in text:
            raise WrongAnswerError(f"page: expected {part.decode()}, which is not on it")
    return text


def user_page(answer: Answer, user_id: int) -> None:
    """The page of a seeded user, all of whose fields stand on it."""
    text = page(answer, _seeded.username(user_id), "/users/{id}")
    if _usual.terms(user_id) in text:
        return
    known = {name: _usual.shown(value) for name, value in _seeded.fields(user_id).items()}
    found = {term.decode().lower(): value.decode("utf-8", "replace") for term, value in _TERM.findall(text)}
    for name, term in (
        ("id", "id"),
        ("email", "email"),
        ("age", "age"),
        ("created_at", "created"),
        ("version", "version"),
    ):
        equal(name, known[name], found.get(term))


def users_page(answer: Answer, ids: Sequence[int], next_page: str | None, exact: bool) -> None:
    """The page with the table of users; arguments as for `users`."""
    text = page(answer, "Users", "/users")
    usual = b"\n".join(map(_usual.row, ids))
    if not (exact and usual in text and text.count(b"<tr><td>") == len(ids)):
        rows = [tuple(cell.decode("utf-8", "replace") for cell in row) for row in _ROW.findall(text)]
        _all_of(rows, [_usual.cells(user_id) for user_id in ids], exact)
    if exact and next_page and next_page.replace("&", "&amp;").encode() not in text:
        raise WrongAnswerError(f"page: expected a link to {next_page}, which is not on it")


def logged_in(answer: Answer, username: str, tokens: MutableMapping[str, str]) -> None:
    """A token that nobody else was given, and when it ends; `tokens` says who was given those so far."""
    body = _object(_json(answer, 200), ["token", "expires_at"])
    for name, value in body.items():
        if not (isinstance(value, str) and value):
            raise WrongAnswerError(f"{name}: expected a text, got {short(value)}")
    if body["expires_at"] <= datetime.now(UTC).isoformat():
        raise WrongAnswerError(f"expires_at: expected a time to come, got {short(body['expires_at'])}")
    equal("whose token", username, tokens.setdefault(body["token"], username))


def healthy(answer: Answer) -> None:
    """The app answers."""
    equal("body", {"status": "ok"}, _json(answer, 200))


def total(answer: Answer, expected: int) -> None:
    """The sum of two numbers."""
    if not _is_json(answer, b'{"sum":%d}' % expected):
        equal("body", {"sum": expected}, _json(answer, 200))


def news(answer: Answer, username: str) -> None:
    """What the news service says about a user: the same whenever it is asked."""
    if _is_json(answer, _usual.news(username)):
        return
    body = _object(_json(answer, 200), ["user", "items"])
    equal("user", username, body["user"])
    expected = _seeded.news(username)
    if body["items"] != expected:
        equal("items", len(expected), len(body["items"]) if isinstance(body["items"], list) else body["items"])
        _same(body["items"], expected, "item")


def static(answer: Answer, content_type: str) -> None:
    """A file as nginx serves it."""
    equal("status", 200, answer.status_code)
    equal("content-type", content_type, (answer.headers.get("content-type") or "").partition(";")[0])
    equal("length", answer.headers.get("content-length"), str(len(answer.content)))
    if not answer.content:
        raise WrongAnswerError("body: expected the file, got nothing")


def _all_of(got: Sequence[object], expected: Sequence[object], exact: bool) -> None:
    if list(got[: len(expected)]) != expected or (exact and len(got) != len(expected)):
        _same(got, expected, "user in list")
        raise WrongAnswerError(f"users in list: expected {len(expected)}, got {len(got)}")


def _same(got: Iterable[object], expected: Iterable[object], what: str) -> None:
    for one, other in zip(expected, got, strict=False):
        equal(what, one, other)


def _object(value: Any, fields: Sequence[str]) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise WrongAnswerError(f"expected an object, got {short(value)}")
    equal("fields", fields, list(value))
    return value


def _is_json(answer: Answer, usual: bytes) -> bool:
    return (
        answer.status_code == 200
        and answer.content == usual
        and answer.headers.get("content-type") == "application/json"
    )


def _json(answer: Answer, status: int) -> Any:
    equal("status", status, answer.status_code)
    equal("content-type", "application/json", answer.headers.get("content-type"))
    try:
        return json.loads(answer.content)
    except ValueError:
        raise WrongAnswerError(f"body: expected JSON, got {short(answer.content)}") from None
