"""The event loop of the ASGI app is never held by a call that waits: a detector raises at each that it sees."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from blockbuster import BlockBuster, BlockingError, blockbuster_ctx

from tests.support.accounts import ADMIN, SESSIONS, account, bearer
from tests.support.apps import in_process, settings_for
from tests.support.clients import Client
from tests.support.headers import FORM as FORM_TYPE
from tests.support.headers import JSON
from userdb import passwords, wire


def form() -> tuple[dict[str, str], bytes]:
    """The headers and the token with which a new session of the administrator sends forms."""
    session = SESSIONS.begin(account())
    cookie = f"session={SESSIONS.token(session)}"
    headers = {"Cookie": cookie, **FORM_TYPE}
    return headers, f"csrf={SESSIONS.form_token(session)}&".encode()


FORM, CSRF = form()
COOKIE = {"Cookie": FORM["Cookie"]}
# Registering and logging in end the session before it.
REGISTER, REGISTER_CSRF = form()
LOGIN, LOGIN_CSRF = form()

# Everything that the app does, once.
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
    ("GET", "/api/users/7/news", {}, b"", 200),
    ("GET", "/api/users/7/feed", {}, b"", 200),
    ("GET", "/api/users/0", {}, b"", 404),
    ("POST", "/api/users", {**JSON, **ADMIN}, b'{"username":"loop4","email":"loop4@b","password":"long enough"}', 201),
    ("PUT", "/api/users/10", {**JSON, **ADMIN}, b'{"username":"loop5","email":"loop5@b"}', 200),
    ("PATCH", "/api/users/11", {**JSON, **ADMIN}, b'{"age":5}', 200),
    ("DELETE", "/api/users/12", ADMIN, b"", 204),
    ("POST", "/api/login", JSON, b'{"username":"admin","password":"correct-horse"}', 200),
    ("POST", "/api/login", JSON, b'{"username":"admin","password":"wrong"}', 401),
    ("GET", "/api/me", ADMIN, b"", 200),
    ("POST", "/api/logout", bearer(), b"", 204),
    ("POST", "/logout", FORM, CSRF[:-1], 303),
]


@pytest.fixture
def client(database: Path, news_url: str) -> Iterator[Client]:
    """The ASGI app, its connections open before the detector looks."""
    with in_process("asgi", settings_for(database, NEWS_URL=news_url)) as client:
        for number in range(2):  # what is done at the first call of all is no part of it: imports, compiled statements
            client.request("GET", f"/api/users/{number + 1}")
        yield client


@pytest.fixture
def detector() -> Iterator[BlockBuster]:
    """Raises BlockingError in whatever waits while an event loop runs in its thread."""
    with blockbuster_ctx() as found:
        yield found


def test_nothing_that_the_app_does_holds_the_loop(client: Client, detector: BlockBuster) -> None:
    found = [
        (method, target, client.request(method, target, headers, body).status)
        for method, target, headers, body, _ in REQUESTS
    ]
    assert found == [(method, target, status) for method, target, _, _, status in REQUESTS]


def test_the_detector_sees_what_would_hold_it(
    client: Client, detector: BlockBuster, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[BaseException] = []

    def waiting(summands: tuple[int, int]) -> None:
        try:
            time.sleep(0.001)
        except BlockingError as error:
            seen.append(error)
            raise

    monkeypatch.setattr(wire, "total", waiting)
    assert client.request("GET", "/api/add?a=1&b=2").status == 500
    assert len(seen) == 1


def test_passwords_are_looked_at_in_another_thread(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """The detector does not see what only keeps a CPU busy."""
    threads: dict[str, threading.Thread] = {}
    healthy, usual = wire.healthy, passwords.matches

    def matches(password_hash: str | None, password: str) -> bool:
        threads["password"] = threading.current_thread()
        return usual(password_hash, password)

    def health() -> object:
        threads["loop"] = threading.current_thread()
        return healthy()

    monkeypatch.setattr(passwords, "matches", matches)
    monkeypatch.setattr(wire, "healthy", health)
    body = b'{"username":"admin","password":"correct-horse"}'
    assert client.request("POST", "/api/login", JSON, body).status == 200
    assert client.request("GET", "/healthz").status == 200
    assert threads["password"] is not threads["loop"]
