"""Everything that an app does, asked once each."""

from __future__ import annotations

from tests.support.accounts import ADMIN, SESSIONS, account, bearer
from tests.support.files import UPLOAD, people, upload
from tests.support.headers import FORM as FORM_TYPE
from tests.support.headers import JSON


def form() -> tuple[dict[str, str], bytes]:
    """The headers and the token with which a new session of the administrator sends forms."""
    session = SESSIONS.begin(account())
    cookie = f"session={SESSIONS.token(session)}"
    headers = {"Cookie": cookie, **FORM_TYPE}
    return headers, f"csrf={SESSIONS.csrf_token(session)}&".encode()


FORM, CSRF = form()
COOKIE = {"Cookie": FORM["Cookie"]}
# Registering and logging in end the session before it.
REGISTER, REGISTER_CSRF = form()
LOGIN, LOGIN_CSRF = form()


REQUESTS: list[tuple[str, str, dict[str, str], bytes, int]] = [
    ("GET", "/", COOKIE, b"", 200),
    ("GET", "/users", COOKIE, b"", 200),
    ("GET", "/users/7", COOKIE, b"", 200),
    ("GET", "/docs", {}, b"", 200),
    ("GET", "/users/new", COOKIE, b"", 200),
    ("POST", "/users/new", FORM, CSRF + b"username=loop1&email=loop1@b&password=long+enough", 303),
    ("GET", "/users/8/edit", COOKIE, b"", 200),
    ("POST", "/users/8/edit", FORM, CSRF + b"username=loop2&email=loop2@b&version=1&password=long+enough", 303),
    ("GET", "/users/9/delete", COOKIE, b"", 200),
    ("POST", "/users/9/delete", FORM, CSRF + b"version=1", 303),
    ("GET", "/register", {}, b"", 200),
    ("POST", "/register", REGISTER, REGISTER_CSRF + b"username=loop3&email=loop3@b&password=long+enough", 303),
    ("GET", "/login", {}, b"", 200),
    ("POST", "/login", LOGIN, LOGIN_CSRF + b"username=admin&password=correct-horse", 303),
    ("GET", "/logout", COOKIE, b"", 200),
    ("GET", "/healthz", {}, b"", 200),
    ("GET", "/readyz", {}, b"", 200),
    ("GET", "/metrics", {}, b"", 200),
    ("GET", "/openapi.json", {}, b"", 200),
    ("GET", "/api/add?a=1&b=2", {}, b"", 200),
    ("GET", "/api/users?q=user", {}, b"", 200),
    ("GET", "/api/users/7", {}, b"", 200),
    ("GET", "/api/users/export.csv", {}, b"", 200),
    ("GET", "/api/events", {"Last-Event-ID": "x"}, b"", 422),  # what it sends has no end
    ("GET", "/api/events/ws", {}, b"", 426),  # nor has this
    ("GET", "/api/users/7/news", {}, b"", 200),
    ("GET", "/api/users/7/feed", {}, b"", 200),
    ("GET", "/api/users/0", {}, b"", 404),
    ("POST", "/api/users", {**JSON, **ADMIN}, b'{"username":"loop4","email":"loop4@b","password":"long enough"}', 201),
    ("POST", "/api/users/import", {**UPLOAD, **ADMIN}, upload(people(150)), 201),
    ("PUT", "/api/users/10", {**JSON, **ADMIN}, b'{"username":"loop5","email":"loop5@b"}', 200),
    ("PATCH", "/api/users/11", {**JSON, **ADMIN}, b'{"age":5}', 200),
    ("DELETE", "/api/users/12", ADMIN, b"", 204),
    ("POST", "/api/login", JSON, b'{"username":"admin","password":"correct-horse"}', 200),
    ("POST", "/api/login", JSON, b'{"username":"admin","password":"wrong"}', 401),
    ("GET", "/api/me", ADMIN, b"", 200),
    ("POST", "/api/logout", bearer(), b"", 204),
    ("POST", "/logout", FORM, CSRF[:-1], 303),
]
