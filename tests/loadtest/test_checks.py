"""Right answers pass; each that is wrong in one thing does not, and the reason names what was expected and what came."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.loadtest.answers import (
    HTML,
    JSON,
    LAYOUT,
    Answer,
    as_json,
    as_page,
    compact,
    listed,
    one,
    profile,
    table,
    without,
)
from tests.loadtest.conftest import Room

ETAG: dict[str, Any] = {"etag": '"1"'}

Check = Callable[[Any, Answer], object]
CHECKS: dict[str, Check] = {
    "user": lambda checks, answer: checks.seeded_user(answer, 7),
    "created": lambda checks, answer: checks.created(answer, {"username": "user0000007", "age": 37}),
    "changed": lambda checks, answer: checks.changed(answer, {"id": 7, "age": 5}, 1),
    "unchanged": lambda checks, answer: checks.unchanged(answer, '"1"'),
    "empty": lambda checks, answer: checks.empty(answer, 204),
    "users": lambda checks, answer: checks.users(answer, [3, 4], "/api/users?after=4&limit=2", True),
    "last users": lambda checks, answer: checks.users(answer, [3, 4], None, False),
    "only user": lambda checks, answer: checks.only_user(answer, {"username": "user0000007", "age": 37}),
    "imported": lambda checks, answer: checks.imported(answer, 100),
    "file": lambda checks, answer: checks.file(answer, FILE),
    "users page": lambda checks, answer: checks.users_page(answer, [3, 4], "/users?after=4&limit=2", True),
    "user page": lambda checks, answer: checks.user_page(answer, 7),
    "home": lambda checks, answer: checks.page(answer, "User database", "/"),
    "logged in": lambda checks, answer: checks.logged_in(answer, "user0000007", {"taken": "user0000008"}),
    "healthy": lambda checks, answer: checks.healthy(answer),
    "news": lambda checks, answer: checks.news(answer, "user0000007"),
    "static": lambda checks, answer: checks.static(answer, "text/css"),
}
LOGGED_IN = {"token": "WyI3.x", "expires_at": "2999-01-31T23:59:59Z"}
ITEMS = [{"title": f"News {n} for user0000007", "url": f"https://news.example.org/user0000007/{n}"} for n in (1, 2, 3)]
NEWS = {"user": "user0000007", "items": ITEMS}
CSV: dict[str, str] = {"content-type": "text/csv; charset=utf-8"}
FILE: bytes = b"id,username\r\n1,admin\r\n"
CSS = Answer(200, {"content-type": "text/css", "content-length": "3"}, b"a{}")

RIGHT = [
    ("user", as_json(one(), **ETAG)),
    ("user", compact(as_json(one(), **ETAG))),
    ("created", as_json(one(), 201, location="/api/users/7", **ETAG)),
    ("changed", as_json(one(age=5, version=2), etag='"2"')),
    ("unchanged", Answer(304, ETAG, b"")),
    ("empty", Answer(204, {}, b"")),
    ("users", listed(3, 4)),
    ("users", compact(listed(3, 4))),
    ("last users", listed(3, 4, following=None)),
    ("last users", as_json({"users": [one(3), one(4), one(9, username="load-x")], "next": None})),
    ("only user", listed(7, following=None)),
    ("imported", as_json({"imported": 100}, 201)),
    ("file", Answer(200, CSV, FILE)),
    ("file", Answer(200, CSV, FILE + b"5001,load-x\r\n")),
    ("users page", table(3, 4)),
    ("users page", table(3, 4, between=" ")),
    ("user page", profile()),
    ("user page", profile(between=" ")),
    ("home", as_page("User database")),
    ("logged in", as_json(LOGGED_IN)),
    ("healthy", as_json({"status": "ok"})),
    ("news", as_json(NEWS)),
    ("static", CSS),
]

WRONG = [
    ("user", as_json(one(8), **ETAG), "id: expected 7, got 8"),
    ("user", as_json(one(username="x"), **ETAG), "username: expected 'user0000007', got 'x'"),
    ("user", as_json(one(email="x"), **ETAG), "email: expected 'user0000007@example.org', got 'x'"),
    ("user", as_json(one(), etag='"2"'), "etag: expected '\"1\"', got '\"2\"'"),
    ("user", as_json(one()), "etag: expected '\"1\"', got None"),
    ("user", as_json(one(age=3), **ETAG), "age: expected 37, got 3"),
    ("user", as_json(one(created_at="x"), **ETAG), "created_at: expected '2026-01-01T00:00:07Z', got 'x'"),
    ("user", as_json(one(version=2), etag='"2"'), "version: expected 1, got 2"),
    ("user", Answer(200, {**JSON, **ETAG}, b"{"), "body: expected JSON, got b'{'"),
    ("user", as_json({"id": 7}, **ETAG), "fields: expected ['id', 'username'"),
    ("user", as_json(one(password="x"), **ETAG), "fields: expected"),
    ("user", as_json(one(), 201, **ETAG), "status: expected 200, got 201"),
    ("user", Answer(200, {**HTML, **ETAG}, b"{}"), "content-type: expected 'application/json', got 'text/html"),
    ("only user", listed(7, 8, following=None), "users: expected 1, got 2"),
    ("only user", listed(following=None), "users: expected 1, got 0"),
    ("only user", as_json({"users": 7, "next": None}), "users: expected 1, got 7"),
    ("only user", listed(7, following=None, age=3), "age: expected 37, got 3"),
    ("only user", listed(7), "next: expected None, got '/api/users?after"),
    ("imported", as_json({"imported": 99}, 201), "body: expected {'imported': 100}, got {'imported': 99}"),
    ("imported", as_json({"imported": 100}), "status: expected 201, got 200"),
    ("file", Answer(503, CSV, FILE), "status: expected 200, got 503"),
    ("file", Answer(200, HTML, FILE), "content-type: expected 'text/csv; charset=utf-8', got"),
    ("file", Answer(200, CSV, FILE[:-2]), "file: expected 22 bytes of seeded users, got 20"),
    ("file", Answer(200, CSV, FILE.replace(b"1,admin", b"1,x")), "line: expected b'1,admin', got b'1,x'"),
    ("file", Answer(200, CSV, FILE + b"5001,lo"), "end of the file: expected b'\\r\\n', got b'lo'"),
    ("created", as_json(one(), 200, location="/api/users/7", **ETAG), "status: expected 201, got 200"),
    ("created", as_json(one(), 201, location="/api/users/8", **ETAG), "location: expected '/api/users/7'"),
    ("created", as_json(one(age=3), 201, location="/api/users/7", **ETAG), "age: expected 37, got 3"),
    ("changed", as_json(one(age=5), **ETAG), "version: expected 2, got 1"),
    ("changed", as_json(one(age=4, version=2), etag='"2"'), "age: expected 5, got 4"),
    ("changed", as_json({}, 412), "status: expected 200, got 412"),
    ("unchanged", as_json(one(), **ETAG), "status: expected 304, got 200"),
    ("unchanged", Answer(304, {"etag": '"2"'}, b""), "etag: expected '\"1\"', got '\"2\"'"),
    ("unchanged", as_json(one(version=2), etag='"2"'), "status: expected 304, got 200"),
    ("empty", Answer(204, {}, b"x"), "body: expected b'', got b'x'"),
    ("empty", Answer(409, {}, b""), "status: expected 204, got 409"),
    ("users", listed(3, 5), "user in list: expected (4, 'user0000004', "),
    ("users", compact(listed(3, 5)), "user in list: expected (4, 'user0000004'"),
    ("users", compact(listed(3, 4, following=None)), "next: expected"),
    ("users", listed(3, 4, version=2), "user in list: expected (3, 'user0000003'"),
    ("users", as_json([]), "expected an object, got []"),
    ("users", as_json({"users": 3, "next": None}), "users: expected a list, got 3"),
    ("users", as_json({"users": [3], "next": None}), "expected an object, got 3"),
    ("users", listed(3), "users in list: expected 2, got 1"),
    ("users", listed(3, 4, 5), "users in list: expected 2, got 3"),
    ("users", listed(4, 3), "user in list: expected (3, 'user0000003', "),
    ("users", listed(3, 4, email="x"), "user in list: expected (3, 'user0000003', 'user0000003@example.org'"),
    ("users", listed(3, 4, following=None), "next: expected '/api/users?after=4&limit=2', got None"),
    ("last users", listed(3), "users in list: expected 2, got 1"),
    ("users page", table(3, 5), "user in list: expected ('4', '4', 'user0000004'"),
    ("users page", table(3, 4, link="/users?after=5&amp;limit=2"), "page: expected a link to /users?after=4&limit=2"),
    (
        "users page",
        table(3, 4, email="x"),
        "user in list: expected ('3', '3', 'user0000003', 'user0000003@example.org'",
    ),
    ("users page", table(3, 4, age=1), "user in list: expected ('3', '3', 'user0000003', 'user0000003@example.org'"),
    ("users page", as_page("Users"), "users in list: expected 2, got 0"),
    ("user page", profile(username="user0000008"), "expected the heading 'user0000007'"),
    ("user page", as_page("user0000007"), "id: expected '7', got None"),
    ("user page", profile(email="x"), "email: expected 'user0000007@example.org', got 'x'"),
    ("user page", profile(age=3), "age: expected '37', got '3'"),
    ("user page", profile(created_at="2026"), "created_at: expected '2026-01-01T00:00:07Z', got '2026'"),
    ("user page", profile(version=2), "version: expected '1', got '2'"),
    ("user page", as_page("user0000007", end=""), "expected it to end with </html>"),
    ("user page", Answer(200, JSON, b"<h1>user0000007</h1>"), "content-type: expected 'text/html; charset=utf-8'"),
    ("home", without('<form class="search" action="/users">', as_page("User database")), "which is not on it"),
    (
        "home",
        without('<link rel="stylesheet" href="/static/style.css">', as_page("User database")),
        "which is not on it",
    ),
    ("users page", without('<nav class="pages"></nav>', table(3, 4)), "which is not on it"),
    ("user page", without('<a href="/users">x</a>', profile()), "which is not on it"),
    ("user page", without(LAYOUT, profile()), "page: expected <title>, which is not on it"),
    ("created", as_json({}, 401), "status: expected 201, got 401"),
    ("changed", as_json({}, 403), "status: expected 200, got 403"),
    ("logged in", as_json({}, 429), "status: expected 200, got 429"),
    ("logged in", as_json({"token": "x"}), "fields: expected ['token', 'expires_at'], got ['token']"),
    ("logged in", as_json({**LOGGED_IN, "token": ""}), "token: expected a text, got ''"),
    ("logged in", as_json({**LOGGED_IN, "expires_at": None}), "expires_at: expected a text, got None"),
    ("logged in", as_json({**LOGGED_IN, "token": "taken"}), "whose token: expected 'user0000007', got 'user0000008'"),
    (
        "logged in",
        as_json({**LOGGED_IN, "expires_at": "2026-01-31"}),
        "expires_at: expected a time to come, got '2026-01-31'",
    ),
    ("healthy", as_json({"status": "ready"}), "body: expected {'status': 'ok'}, got {'status': 'ready'}"),
    ("news", as_json({**NEWS, "user": "x"}), "user: expected 'user0000007', got 'x'"),
    ("news", as_json({**NEWS, "items": []}), "items: expected 3, got 0"),
    ("news", as_json({**NEWS, "items": ITEMS[::-1]}), "item: expected {'title': 'News 1 for user0000007'"),
    (
        "news",
        as_json({**NEWS, "items": [{"title": "t", "url": "u"}] * 3}),
        "item: expected {'title': 'News 1 for user0000007'",
    ),
    ("news", as_json({**NEWS, "items": "xyz"}), "items: expected 3, got 'xyz'"),
    ("news", as_json({}, 504), "status: expected 200, got 504"),
    ("static", CSS._replace(content=b"a{"), "length: expected '3', got '2'"),
    (
        "static",
        CSS._replace(headers={**CSS.headers, "content-type": "text/plain"}),
        "expected 'text/css', got 'text/plain'",
    ),
    ("static", Answer(200, {"content-type": "text/css", "content-length": "0"}, b""), "expected the file, got nothing"),
]


@pytest.mark.parametrize(("check", "answer"), RIGHT)
def test_right(check: str, answer: Answer, room: Room) -> None:
    CHECKS[check](room.checks, answer)


@pytest.mark.parametrize(("check", "answer", "reason"), WRONG)
def test_wrong(check: str, answer: Answer, reason: str, room: Room) -> None:
    with pytest.raises(room.checks.WrongAnswerError) as wrong:
        CHECKS[check](room.checks, answer)
    assert reason in str(wrong.value)
