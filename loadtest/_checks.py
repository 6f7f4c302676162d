"""Whether an answer is the right one: a function per kind of answer, each raising `WrongAnswerError` where it is not.

They run between two requests of the generator, so they look at everything but compute little.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import _seeded

from openloop.answer import Answer, WrongAnswerError, equal, short

LIMIT = 20
"""Users on a page when no limit is asked for."""

_FIELDS = ["id", "username", "email", "age", "created_at", "version"]
_LINK = re.compile(rb'<a href="/users/(\d+)">([^<]*)</a>')


def user(answer: Answer, expected: Mapping[str, object], status: int = 200) -> dict[str, Any]:
    """One user as JSON, complete, with the expected fields and the ETag of its version."""
    body: dict[str, Any] = _json(answer, status)
    equal("fields", _FIELDS, list(body))
    for name, value in expected.items():
        equal(name, value, body[name])
    equal("etag", f'"{body["version"]}"', answer.headers.get("etag"))
    return body


def created(answer: Answer, expected: Mapping[str, object]) -> dict[str, Any]:
    """The user that was just created, and where it is."""
    body = user(answer, expected, 201)
    equal("location", f"/api/users/{body['id']}", answer.headers.get("location"))
    return body


def changed(answer: Answer, expected: Mapping[str, object], version: int) -> dict[str, Any]:
    """A user after a change; `version` is the one before."""
    body = user(answer, expected)
    equal("version", version + 1, body["version"])
    return body


def unchanged(answer: Answer, user_id: int, etag: str) -> None:
    """304 for a state that still holds; somebody else may have changed it, then the new state."""
    if answer.status_code == 200 and answer.headers.get("etag") != etag:
        user(answer, {"id": user_id})
        return
    empty(answer, 304)
    equal("etag", etag, answer.headers.get("etag"))


def empty(answer: Answer, status: int) -> None:
    """An answer without a body."""
    equal("status", status, answer.status_code)
    equal("body", b"", answer.content or b"")


def users(answer: Answer, ids: Sequence[int], next_page: str | None, exact: bool) -> None:
    """A page of users as JSON: those with `ids`, then unless that is `exact`ly all, later ones."""
    body = _json(answer, 200)
    equal("fields", ["users", "next"], list(body))
    listed = body["users"]
    _names([(found["id"], found["username"]) for found in listed], ids, exact)
    for user_id, found in zip(ids, listed, strict=False):
        equal("fields", _FIELDS, list(found))
        equal("email", f"{_seeded.username(user_id)}@example.org", found["email"])
    if exact:
        equal("next", next_page, body["next"])


def page(answer: Answer, heading: str) -> bytes:
    """A whole HTML page with this heading."""
    equal("status", 200, answer.status_code)
    equal("content-type", "text/html; charset=utf-8", answer.headers.get("content-type"))
    text = answer.content
    if f"<h1>{heading}</h1>".encode() not in text:
        raise WrongAnswerError(f"page: expected the heading {heading!r}, got {short(text)}")
    if not text.rstrip().endswith(b"</html>"):
        raise WrongAnswerError(f"page: expected it to end with </html>, got {short(text[-40:])}")
    return text


def user_page(answer: Answer, user_id: int) -> None:
    """The page of a seeded user."""
    text = page(answer, _seeded.username(user_id))
    if str(_seeded.fields(user_id)["email"]).encode() not in text:
        raise WrongAnswerError(f"page: expected the email of user {user_id}, which is not on it")


def users_page(answer: Answer, ids: Sequence[int], next_page: str | None, exact: bool) -> None:
    """The page with the table of users; arguments as for `users`."""
    text = page(answer, "Users")
    _names([(int(user_id), name.decode()) for user_id, name in _LINK.findall(text)], ids, exact)
    if exact and next_page and next_page.replace("&", "&amp;").encode() not in text:
        raise WrongAnswerError(f"page: expected a link to {next_page}, which is not on it")


def logged_in(answer: Answer) -> None:
    """A token, and when it ends."""
    body = _json(answer, 200)
    equal("fields", ["token", "expires_at"], list(body))
    for name, value in body.items():
        if not (isinstance(value, str) and value):
            raise WrongAnswerError(f"{name}: expected a text, got {short(value)}")


def healthy(answer: Answer) -> None:
    """The app answers."""
    equal("body", {"status": "ok"}, _json(answer, 200))


def news(answer: Answer, username: str) -> None:
    """What the news service says about a user: titles with addresses."""
    body = _json(answer, 200)
    equal("fields", ["user", "items"], list(body))
    equal("user", username, body["user"])
    if not body["items"]:
        raise WrongAnswerError("items: expected news, got none")
    for item in body["items"]:
        equal("item", ["title", "url"], list(item))


def static(answer: Answer, content_type: str) -> None:
    """A file as nginx serves it."""
    equal("status", 200, answer.status_code)
    equal("content-type", content_type, (answer.headers.get("content-type") or "").partition(";")[0])
    equal("length", answer.headers.get("content-length"), str(len(answer.content)))
    if not answer.content:
        raise WrongAnswerError("body: expected the file, got nothing")


def _names(got: Sequence[tuple[int, str]], ids: Sequence[int], exact: bool) -> None:
    expected = [(user_id, _seeded.username(user_id)) for user_id in ids]
    if list(got[: len(expected)]) != expected or (exact and len(got) != len(expected)):
        different = [pair for pair in zip(expected, got, strict=False) if pair[0] != pair[1]]
        if different:
            equal("user in list", *different[0])
        raise WrongAnswerError(f"users in list: expected {len(expected)}, got {len(got)}")


def _json(answer: Answer, status: int) -> Any:
    equal("status", status, answer.status_code)
    equal("content-type", "application/json", answer.headers.get("content-type"))
    return json.loads(answer.content)
