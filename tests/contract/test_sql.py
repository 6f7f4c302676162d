"""The same SQL, statement for statement, in both apps; and none that is not needed."""

from __future__ import annotations

from pathlib import Path

from tests.support.accounts import ADMIN, ADMIN_JSON, SESSIONS, account
from tests.support.apps import APPS, in_process, settings_for
from tests.support.clients import Client
from tests.support.files import UPLOAD, people, upload
from tests.support.headers import JSON

COOKIE = {"Cookie": f"session={SESSIONS.token(SESSIONS.begin(account()))}"}

# What is asked, and how many statements it takes, BEGIN included.
REQUESTS: list[tuple[str, str, dict[str, str], bytes, int]] = [
    ("GET", "/healthz", {}, b"", 0),
    ("GET", "/api/add?a=1&b=2", {}, b"", 0),
    ("GET", "/", {}, b"", 0),
    ("GET", "/readyz", {}, b"", 1),
    ("GET", "/api/users/7", {}, b"", 1),
    ("GET", "/api/users/7", {"If-None-Match": '"1"'}, b"", 1),
    ("GET", "/api/users/99999", {}, b"", 1),
    ("GET", "/api/users/x", {}, b"", 0),
    ("GET", "/api/users?q=user", {}, b"", 1),
    ("GET", "/api/users/export.csv", {}, b"", 2),
    ("HEAD", "/api/users/export.csv", {}, b"", 1),
    ("HEAD", "/api/events", {}, b"", 1),
    ("GET", "/api/events", {"Last-Event-ID": "x"}, b"", 0),
    ("GET", "/api/events/ws", {}, b"", 0),
    ("GET", "/api/users/7/feed?sources=0", {}, b"", 0),
    ("GET", "/api/users/99999/feed", {}, b"", 1),
    ("GET", "/users", {}, b"", 1),
    ("GET", "/users/7", {}, b"", 1),
    ("POST", "/api/users", ADMIN_JSON, b'{"username":"u1","email":"u1@b"}', 4),
    ("POST", "/api/users", ADMIN_JSON, b'{"username":"u1","email":"u2@b"}', 4),
    ("POST", "/api/users", ADMIN_JSON, b'{"username":"u 1"}', 1),
    ("POST", "/api/users", JSON, b'{"username":"u 1"}', 0),
    # Two batches, the second of one user: both asked for, then both written.
    ("POST", "/api/users/import", {**ADMIN, **UPLOAD}, upload(people(101, "new")), 8),
    ("POST", "/api/users/import", {**ADMIN, **UPLOAD}, upload(people(101, "new")), 6),
    ("POST", "/api/users/import", {**ADMIN, **UPLOAD}, upload(b"username"), 1),
    ("POST", "/api/users/import", UPLOAD, upload(people(101, "new")), 0),
    ("PUT", "/api/users/8", ADMIN_JSON, b'{"username":"u3","email":"u3@b"}', 5),
    ("PATCH", "/api/users/8", ADMIN_JSON, b'{"age":3}', 5),
    ("PATCH", "/api/users/8", {**ADMIN_JSON, "If-Match": '"9"'}, b'{"age":3}', 4),
    ("PATCH", "/api/users/8", JSON, b'{"age":3}', 0),
    # What can be refused for nothing is, before a password is hashed.
    ("PATCH", "/api/users/8", {**ADMIN_JSON, "If-Match": '"9"'}, b'{"password":"long enough"}', 2),
    ("PATCH", "/api/users/8", ADMIN_JSON, b'{"password":"long enough","username":"admin"}', 3),
    ("POST", "/api/users", ADMIN_JSON, b'{"username":"u1","email":"u4@b","password":"long enough"}', 2),
    ("DELETE", "/api/users/9", ADMIN, b"", 5),
    ("DELETE", "/api/users/9", ADMIN, b"", 4),
    ("GET", "/api/me", ADMIN, b"", 1),
    ("GET", "/users/7", COOKIE, b"", 2),
    ("GET", "/users/7/edit", COOKIE, b"", 2),
    ("GET", "/users/7/edit", {}, b"", 0),
    ("GET", "/login", {}, b"", 0),
    # The attempt is counted before the password is verified, for whoever is there and who is not: by address and by name.
    ("POST", "/api/login", ADMIN_JSON, b'{"username":"nobody","password":"wrong"}', 6),
    ("POST", "/api/login", ADMIN_JSON, b'{"username":"admin","password":"wrong"}', 6),
    ("POST", "/api/login", ADMIN_JSON, b'{"username":"admin","password":"correct-horse"}', 9),
    ("POST", "/api/logout", ADMIN, b"", 5),
    ("POST", "/api/logout", ADMIN, b"", 1),
]


def run(client: Client, statements: list[str]) -> list[list[str]]:
    """The statements of each request."""
    found = []
    for method, target, headers, body, _ in REQUESTS:
        statements.clear()
        client.request(method, target, headers, body)
        found.append(list(statements))
    return found


def test_both_apps_execute_the_same_statements(store: str, statements: list[str], seeded: Path, tmp_path: Path) -> None:
    found = []
    for app in APPS:
        file = tmp_path / f"{app}.db"
        file.write_bytes(seeded.read_bytes())
        with in_process(app, settings_for(file)) as client:
            found.append(run(client, statements))
    assert found[0] == found[1]
    assert [len(each) for each in found[0]] == [count for *_, count in REQUESTS]


def test_no_value_stands_in_a_statement(statements: list[str], app_client: Client) -> None:
    statements.clear()
    app_client.request("GET", "/api/users?q=hostile&after_username=4711&limit=13")
    assert len(statements) == 1
    assert not any(value in statements[0] for value in ("hostile", "4711", "13", "14"))


def test_writing_takes_the_lock_before_it_reads(statements: list[str], app_client: Client) -> None:
    statements.clear()
    app_client.request("PATCH", "/api/users/7", ADMIN_JSON, b'{"age":3}')
    assert "ended_sessions" in statements[0]  # who asks, in a transaction of its own
    assert statements[1] == "BEGIN IMMEDIATE"
