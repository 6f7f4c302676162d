"""The JSON API of users, one body for both apps in this process and for every stack behind nginx."""

from __future__ import annotations

import json

import pytest

from tests.contract.json_users import create, send
from tests.support.accounts import ADMIN
from tests.support.clients import Client
from tests.support.people import fresh
from tests.support.problems import problem


def test_reads_one_user_byte_for_byte(client: Client) -> None:
    answer = client.request("GET", "/api/users/7")
    assert answer.status == 200
    assert answer.body == (
        b'{"id":7,"username":"user0000007","email":"user0000007@example.org","age":37,'
        b'"created_at":"2026-01-01T00:00:07Z","version":1}'
    )
    assert answer.header("Content-Type") == "application/json"
    assert answer.header("ETag") == '"1"'


@pytest.mark.parametrize(
    "text", ["0", "-1", "+7", "7x", "x", "9223372036854775808", "1" * 5000, "%D9%A7", "7%20", "7.0", "1_0", "%C2%B2"]
)
def test_any_other_id_is_not_found(client: Client, text: str) -> None:
    assert problem(client.request("GET", f"/api/users/{text}"))["status"] == 404


def test_largest_id_is_not_found(client: Client) -> None:
    assert client.request("GET", "/api/users/9223372036854775807").status == 404


@pytest.mark.parametrize("tags", ['"1"', 'W/"1"', "*", '"0", "1"', ' "x" ,W/"1"'])
def test_not_modified(client: Client, tags: str) -> None:
    answer = client.request("GET", "/api/users/7", {"If-None-Match": tags})
    assert (answer.status, answer.body, answer.header("ETag")) == (304, b"", '"1"')


@pytest.mark.parametrize("tags", ['"2"', "1", '"1', "", "W/1"])
def test_modified(client: Client, tags: str) -> None:
    assert client.request("GET", "/api/users/7", {"If-None-Match": tags}).status == 200


def test_head_is_get_without_the_body(client: Client) -> None:
    get, head = client.request("GET", "/api/users/7"), client.request("HEAD", "/api/users/7")
    assert (head.status, head.body) == (200, b"")
    varying = ("Date", "X-Request-ID")
    assert [h for h in head.headers if h[0] not in varying] == [h for h in get.headers if h[0] not in varying]


def test_creates_a_user(client: Client) -> None:
    name = fresh()
    answer = send(client, "POST", "/api/users", {"username": name, "email": f"{name}@EXAMPLE.org", "age": 0})
    user = json.loads(answer.body)
    assert answer.status == 201
    assert list(user) == ["id", "username", "email", "age", "created_at", "version"]
    assert (user["username"], user["email"], user["age"], user["version"]) == (name, f"{name}@example.org", 0, 1)
    assert answer.header("Location") == f"/api/users/{user['id']}"
    assert answer.header("ETag") == '"1"'
    assert client.request("GET", f"/api/users/{user['id']}").body == answer.body


def test_usernames_are_case_sensitive_and_email_addresses_are_not(client: Client) -> None:
    user = create(client)
    upper = user["username"].upper()
    assert send(client, "POST", "/api/users", {"username": upper, "email": f"{upper}@example.com"}).status == 201
    taken = send(client, "POST", "/api/users", {"username": fresh(), "email": user["email"].upper()})
    assert problem(taken)["errors"] == [{"field": "email", "message": "is taken"}]


@pytest.mark.parametrize("field", ["username", "email"])
def test_taken(client: Client, field: str) -> None:
    user, other = create(client), create(client)
    values = {"username": fresh(), "email": f"{fresh()}@example.org", field: user[field]}
    for answer in (
        send(client, "POST", "/api/users", values),
        send(client, "PUT", f"/api/users/{other['id']}", values),
        send(client, "PATCH", f"/api/users/{other['id']}", {field: user[field]}),
    ):
        assert answer.status == 409
        assert problem(answer)["errors"] == [{"field": field, "message": "is taken"}]
    assert json.loads(client.request("GET", f"/api/users/{other['id']}").body) == other


def test_replaces_a_user(client: Client) -> None:
    user = create(client, age=5)
    name = fresh()
    answer = send(client, "PUT", f"/api/users/{user['id']}", {"username": name, "email": f"{name}@example.org"})
    expected = {**user, "username": name, "email": f"{name}@example.org", "age": None, "version": 2}
    assert (answer.status, json.loads(answer.body), answer.header("ETag")) == (200, expected, '"2"')


def test_changes_only_what_is_named(client: Client) -> None:
    user = create(client, age=5)
    answer = send(client, "PATCH", f"/api/users/{user['id']}", {"age": None})
    assert json.loads(answer.body) == {**user, "age": None, "version": 2}
    answer = send(client, "PATCH", f"/api/users/{user['id']}", {"email": user["email"].upper(), "age": 7})
    assert json.loads(answer.body) == {**user, "age": 7, "version": 3}


def test_removes_a_user_and_never_uses_the_id_again(client: Client) -> None:
    user = create(client)
    answer = client.request("DELETE", f"/api/users/{user['id']}", ADMIN)
    assert (answer.status, answer.body, answer.header("Content-Type")) == (204, b"", None)
    for method in ("GET", "DELETE"):
        assert client.request(method, f"/api/users/{user['id']}", ADMIN).status == 404
    assert send(client, "PATCH", f"/api/users/{user['id']}", {"age": 1}).status == 404
    assert create(client)["id"] > user["id"]


@pytest.mark.parametrize("condition", [{"If_Match": '"1"'}, {"If_Match": "*"}, {"If_None_Match": '"7"'}])
def test_a_condition_that_holds(client: Client, condition: dict[str, str]) -> None:
    user = create(client)
    assert send(client, "PATCH", f"/api/users/{user['id']}", {"age": 1}, **condition).status == 200


@pytest.mark.parametrize(
    "condition",
    [{"If_Match": '"2"'}, {"If_Match": 'W/"1"'}, {"If_Match": "1"}, {"If_None_Match": '"1"'}, {"If_None_Match": "*"}],
)
def test_a_condition_that_does_not_hold(client: Client, condition: dict[str, str]) -> None:
    user = create(client)
    target = f"/api/users/{user['id']}"
    full = {"username": fresh(), "email": f"{fresh()}@example.org"}
    assert problem(send(client, "PATCH", target, {"age": 1}, **condition))["status"] == 412
    assert problem(send(client, "PUT", target, full, **condition))["status"] == 412
    assert problem(send(client, "DELETE", target, {}, **condition))["status"] == 412
    assert json.loads(client.request("GET", target).body) == user


def test_news(client: Client) -> None:
    answer = client.request("GET", "/api/users/7/news")
    news = json.loads(answer.body)
    assert answer.status == 200
    assert list(news) == ["user", "items"]
    assert news["user"] == "user0000007"
    assert [list(item) for item in news["items"]] == [["title", "url"]] * 3
    assert client.request("GET", "/api/users/99999/news").status == 404
