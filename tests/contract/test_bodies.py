"""What the JSON API refuses in a body, and how it names it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.json_users import send
from tests.support.accounts import ADMIN, ADMIN_JSON
from tests.support.clients import Client
from tests.support.problems import faults, problem


@pytest.mark.parametrize(
    ("values", "fields"),
    [
        ({}, ["username", "email"]),
        ({"username": "a b", "email": "x", "age": -1, "zz": 1}, ["username", "email", "age", "zz"]),
        ({"username": "", "email": "a@b@c"}, ["username", "email"]),
        ({"username": "a\n", "email": "a@b\n"}, ["username", "email"]),
        ({"username": "a" * 81, "email": "a@" + "b" * 119}, ["username", "email"]),
        ({"username": "a\0", "email": "a\0@b"}, ["username", "email"]),
        ({"username": 1, "email": None, "age": "1"}, ["username", "email", "age"]),
        ({"username": "ok1", "email": "ok1@b", "age": 151}, ["age"]),
        ({"username": "ok1", "email": "ok1@b", "age": 1.5}, ["age"]),
        ({"username": "ok1", "email": "ok1@b", "age": True}, ["age"]),
        ({"username": "ok1", "email": "ok1@b", "age": 10**30}, ["age"]),
        ({"username": "ok1", "email": "ok1@b", "id": 5}, ["id"]),
        ({"username": "ümlaut", "email": "ü@b"}, ["username", "email"]),
        ({"username": "ok1", "email": "ok1@b", "password": "short"}, ["password"]),
        ({"username": "ok1", "email": "ok1@b", "password": "x" * 129}, ["password"]),
        ({"username": "ok1", "email": "ok1@b", "password": None}, ["password"]),
    ],
)
def test_every_invalid_field_is_named_at_once(client: Client, values: Any, fields: list[str]) -> None:
    for method, target in (("POST", "/api/users"), ("PUT", "/api/users/7")):
        answer = send(client, method, target, values)
        assert faults(answer) == fields


@pytest.mark.parametrize("value", [[], None, 1, "x", True])
def test_a_body_that_is_no_object(client: Client, value: Any) -> None:
    for method, target in (("POST", "/api/users"), ("PUT", "/api/users/7"), ("PATCH", "/api/users/7")):
        answer = send(client, method, target, value)
        assert (answer.status, "errors" in problem(answer)) == (422, False)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"username":NaN}',
        b'{"username":"\xff"}',
        b'{"username":"\\ud800"}',
        b"\xef\xbb\xbf{}",
        b"{} x",
        b'{"age":' + b"[" * 20_000,
        b"{'username':1}",
    ],
)
def test_malformed_json(client: Client, body: bytes) -> None:
    for method, target in (("POST", "/api/users"), ("PUT", "/api/users/7"), ("PATCH", "/api/users/7")):
        assert problem(client.request(method, target, ADMIN_JSON, body))["status"] == 400


@pytest.mark.parametrize(
    "content_type", [None, "text/plain", "application/x-www-form-urlencoded", "application/jsonx", ""]
)
def test_wrong_content_type(client: Client, content_type: str | None) -> None:
    headers = ADMIN if content_type is None else {**ADMIN, "Content-Type": content_type}
    assert problem(client.request("POST", "/api/users", headers, b'{"username":"a"}'))["status"] == 415


@pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", "APPLICATION/JSON"])
def test_content_type_with_parameters(client: Client, content_type: str) -> None:
    assert client.request("POST", "/api/users", {**ADMIN, "Content-Type": content_type}, b"{}").status == 422


def test_too_large_a_body(client: Client) -> None:
    body = b'{"username":"' + b"a" * 70_000 + b'"}'
    assert problem(client.request("POST", "/api/users", ADMIN_JSON, body))["status"] == 413
