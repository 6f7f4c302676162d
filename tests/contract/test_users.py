"""The JSON API of users, one body for both apps in this process and for every stack behind nginx."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.accounts import ADMIN, ADMIN_JSON
from tests.support.answers import Answer
from tests.support.clients import Client
from tests.support.people import fresh
from tests.support.problems import faults, problem


def create(client: Client, **more: Any) -> dict[str, Any]:
    """A user of the test's own."""
    name = fresh()
    answer = send(client, "POST", "/api/users", {"username": name, "email": f"{name}@example.org", **more})
    assert answer.status == 201, answer
    found: dict[str, Any] = json.loads(answer.body)
    return found


def send(client: Client, method: str, target: str, value: Any, **headers: str) -> Answer:
    """Send a value as JSON; header names are given with underscores."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return client.request(method, target, {**ADMIN_JSON, **named}, json.dumps(value).encode())


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


def test_pages_through_all_users_with_next(client: Client) -> None:
    ids: list[int] = []
    target: str | None = "/api/users?limit=97"
    while target:
        page = json.loads(client.request("GET", target).body)
        ids += [user["id"] for user in page["users"]]
        target = page["next"]
    assert ids[:300] == list(range(1, 301))
    assert ids == sorted(set(ids))


def test_default_page(client: Client) -> None:
    page = json.loads(client.request("GET", "/api/users").body)
    assert [user["id"] for user in page["users"]] == list(range(1, 21))
    assert page["next"] == "/api/users?after=20&limit=20"


def test_searches_by_prefix(client: Client) -> None:
    page = json.loads(client.request("GET", "/api/users?q=user000001&limit=3").body)
    assert [user["id"] for user in page["users"]] == [10, 11, 12]
    assert page["next"] == "/api/users?after_username=user0000012&limit=3&q=user000001"
    page = json.loads(client.request("GET", page["next"]).body)
    assert [user["id"] for user in page["users"]] == [13, 14, 15]
    assert json.loads(client.request("GET", "/api/users?q=USER").body) == {"users": [], "next": None}
    assert json.loads(client.request("GET", "/api/users?q=%25").body) == {"users": [], "next": None}
    assert json.loads(client.request("GET", "/api/users?q=admin&after=&limit=").body)["users"][0]["id"] == 1


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        ("limit=0", ["limit"]),
        ("limit=101", ["limit"]),
        ("limit=x&after=-1", ["after", "limit"]),
        ("limit=1&limit=2", ["limit"]),
        ("offset=5", ["offset"]),
        ("after=9223372036854775808", ["after"]),
        ("limit=%D9%A7", ["limit"]),
        ("q=%00", ["q"]),
        ("q=" + "a" * 81, ["q"]),
        ("limit=" + "9" * 5000, ["limit"]),
        ("after=5&q=user", ["after"]),
        ("after=5&after_username=user", ["after"]),
        ("after_username=%0A", ["after_username"]),
        ("after_username=" + "a" * 81, ["after_username"]),
    ],
)
def test_invalid_query(client: Client, query: str, fields: list[str]) -> None:
    answer = client.request("GET", f"/api/users?{query}")
    assert faults(answer) == fields


@pytest.mark.parametrize("query", ["q=%", "q=%zz", "q=%FF", "%C3=1"])
def test_broken_percent_encoding(client: Client, query: str) -> None:
    assert problem(client.request("GET", f"/api/users?{query}"))["status"] == 400


def test_an_answer_does_not_grow_with_what_is_sent(client: Client) -> None:
    at_most = client.request("GET", "/api/users?" + "&".join(f"x{number}" for number in range(100)))
    assert len(problem(at_most)["errors"]) == 20
    answer = client.request("GET", "/api/users?" + "&".join(f"x{number}" for number in range(101)))
    assert (problem(answer)["status"], len(answer.body) < 300) == (400, True)


def test_addresses_that_take_no_query_refuse_one(client: Client) -> None:
    assert problem(client.request("GET", "/api/users/7?x=1"))["errors"] == [{"field": "x", "message": "is not known"}]


def test_news(client: Client) -> None:
    answer = client.request("GET", "/api/users/7/news")
    news = json.loads(answer.body)
    assert answer.status == 200
    assert list(news) == ["user", "items"]
    assert news["user"] == "user0000007"
    assert [list(item) for item in news["items"]] == [["title", "url"]] * 3
    assert client.request("GET", "/api/users/99999/news").status == 404
