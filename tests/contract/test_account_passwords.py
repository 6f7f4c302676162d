"""Passwords of accounts by the API: what one must be, what a new one ends, and that none is told."""

from __future__ import annotations

import json

import pytest

from tests.support.accounts import ADMIN
from tests.support.clients import Client
from tests.support.people import PASSWORD, authorization, fresh, join, log_in, send, token
from tests.support.problems import faults, problem

OTHER_PASSWORD = "another battery"


def test_a_new_password_ends_every_session_of_its_user(client: Client) -> None:
    member = join(client, PASSWORD)
    headers = [authorization(token(client, member)) for _ in range(2)]
    value = {"username": member.username, "email": member.email, "password": OTHER_PASSWORD}
    assert send(client, "PUT", member.path, value, headers[0]).status == 200
    for header in headers:
        problem(client.request("GET", "/api/me", header), 401)
    problem(log_in(client, member.username, PASSWORD), 401)
    assert log_in(client, member.username, OTHER_PASSWORD).status == 200


def test_the_same_password_again_ends_them_too(client: Client) -> None:
    member = join(client, PASSWORD)
    header = authorization(token(client, member))
    assert send(client, "PATCH", member.path, {"password": PASSWORD}, header).status == 200
    problem(client.request("GET", "/api/me", header), 401)


def test_a_password_that_is_not_named_stays(client: Client) -> None:
    member = join(client, PASSWORD)
    header, name = authorization(token(client, member)), fresh()
    assert send(client, "PATCH", member.path, {"age": 7}, header).status == 200
    assert send(client, "PUT", member.path, {"username": name, "email": member.email}, header).status == 200
    assert client.request("GET", "/api/me", header).status == 200
    assert log_in(client, name, PASSWORD).status == 200


def test_a_change_that_is_refused_changes_no_password(client: Client) -> None:
    member = join(client, PASSWORD)
    header = authorization(token(client, member))
    stale = send(client, "PATCH", member.path, {"password": OTHER_PASSWORD}, {**header, "If-Match": '"9"'})
    problem(stale, 412)
    taken = send(client, "PATCH", member.path, {"password": OTHER_PASSWORD, "username": "admin"}, header)
    assert problem(taken, 409)["errors"] == [{"field": "username", "message": "is taken"}]
    assert client.request("GET", "/api/me", header).status == 200


def test_an_administrator_gives_a_new_password_and_stays_logged_in(client: Client) -> None:
    member = join(client, PASSWORD)
    header = authorization(token(client, member))
    assert send(client, "PATCH", member.path, {"password": OTHER_PASSWORD}, ADMIN).status == 200
    problem(client.request("GET", "/api/me", header), 401)
    assert client.request("GET", "/api/me", ADMIN).status == 200
    assert log_in(client, member.username, OTHER_PASSWORD).status == 200


@pytest.mark.parametrize(
    ("password", "good"),
    [
        ("1234567", False),
        ("12345678", True),
        ("ü" * 7, False),
        ("ü" * 8, True),
        ("🐎" * 128, True),
        ("x" * 129, False),
        ("        ", True),
        (" kept as it is ", True),
        ("with\0NUL\n", True),
    ],
)
def test_what_a_password_must_be(app_client: Client, password: str, good: bool) -> None:
    name = fresh()
    value = {"username": name, "email": f"{name}@example.org", "password": password}
    answer = send(app_client, "POST", "/api/users", value, ADMIN)
    if good:
        assert (answer.status, log_in(app_client, name, password).status) == (201, 200)
        problem(log_in(app_client, name, password + "x"), 401 if len(password) < 128 else 422)
    else:
        assert faults(answer) == ["password"]


def test_a_password_stands_in_no_answer(client: Client) -> None:
    name = fresh()
    value = {"username": name, "email": f"{name}@example.org", "password": PASSWORD}
    created = send(client, "POST", "/api/users", value, ADMIN)
    path = created.header("Location") or ""
    answers = [
        created,
        client.request("GET", path),
        log_in(client, name, PASSWORD),
        log_in(client, name, PASSWORD + "!"),
    ]
    answers += [
        client.request("GET", f"/api/users?q={name}"),
        send(client, "PATCH", path, {"password": PASSWORD}, ADMIN),
    ]
    for answer in answers:
        assert PASSWORD.encode() not in answer.body
        assert b"argon2" not in answer.body
        assert b"hash" not in answer.body
    assert list(json.loads(created.body)) == ["id", "username", "email", "age", "created_at", "version"]
