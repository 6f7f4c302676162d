"""What holds for every route: methods, unknown paths, pages, errors."""

from __future__ import annotations

import json
import re

import pytest

from tests.support.clients import Client

ALLOWED = {
    "/healthz": "GET, HEAD, OPTIONS",
    "/readyz": "GET, HEAD, OPTIONS",
    "/api/add": "GET, HEAD, OPTIONS",
    "/api/users": "GET, HEAD, OPTIONS, POST",
    "/api/users/7": "DELETE, GET, HEAD, OPTIONS, PATCH, PUT",
    "/api/users/7/news": "GET, HEAD, OPTIONS",
    "/api/users/7/feed": "GET, HEAD, OPTIONS",
    "/": "GET, HEAD, OPTIONS",
    "/docs": "GET, HEAD, OPTIONS",
    "/openapi.json": "GET, HEAD, OPTIONS",
    "/users": "GET, HEAD, OPTIONS",
    "/users/7": "GET, HEAD, OPTIONS",
    "/users/new": "GET, HEAD, OPTIONS, POST",
    "/users/7/edit": "GET, HEAD, OPTIONS, POST",
    "/users/7/delete": "GET, HEAD, OPTIONS, POST",
    "/register": "GET, HEAD, OPTIONS, POST",
    "/login": "GET, HEAD, OPTIONS, POST",
    "/logout": "GET, HEAD, OPTIONS, POST",
    "/api/login": "OPTIONS, POST",
    "/api/logout": "OPTIONS, POST",
    "/api/me": "GET, HEAD, OPTIONS",
    "/api/events": "GET, HEAD, OPTIONS",
    "/api/events/ws": "GET, HEAD, OPTIONS",
    "/metrics": "GET, HEAD, OPTIONS",
}
METHODS = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"]


@pytest.mark.parametrize("path", ALLOWED)
def test_options(client: Client, path: str) -> None:
    answer = client.request("OPTIONS", path)
    assert (answer.status, answer.header("Allow"), answer.body) == (204, ALLOWED[path], b"")
    assert answer.header("Content-Type") is None


@pytest.mark.parametrize("path", ALLOWED)
def test_method_not_allowed(client: Client, path: str) -> None:
    for method in METHODS:
        if method not in ALLOWED[path]:
            answer = client.request(method, path)
            assert (answer.status, answer.header("Allow")) == (405, ALLOWED[path]), method


@pytest.mark.parametrize(
    "path",
    ["/nope", "/users/", "/healthz/", "/users/7/", "/users/7/x", "/users%0A", "/users%0D", "/users/7%0A", "/Users"],
)
def test_unknown_page(client: Client, path: str) -> None:
    answer = client.request("GET", path)
    assert (answer.status, answer.header("Content-Type")) == (404, "text/html; charset=utf-8")
    assert b"<h1>Not Found</h1>" in answer.body


@pytest.mark.parametrize(
    "path", ["/api", "/api/", "/api/nope", "/api/users/", "/api/users/7/", "/api/users/7/newsx", "/api/users/7%0A"]
)
def test_unknown_path_below_api(client: Client, path: str) -> None:
    answer = client.request("GET", path)
    assert (answer.status, answer.header("Content-Type")) == (404, "application/problem+json")


def test_a_method_that_no_address_has(client: Client) -> None:
    answer = client.request("BREW", "/api/users")
    assert answer.status == 501
    assert json.loads(answer.body)["title"] == "Not Implemented"


def test_health_and_readiness(client: Client) -> None:
    assert client.request("GET", "/healthz").body == b'{"status":"ok"}'
    assert client.request("GET", "/readyz").body == b'{"status":"ready"}'


@pytest.mark.parametrize(
    ("query", "total"),
    [
        ("a=5&b=6", 11),
        ("b=-6&a=%2B5", -1),
        ("a=9223372036854775807&b=9223372036854775807", 2**64 - 2),
        ("a=-9223372036854775808&b=-9223372036854775808", -(2**64)),
        ("a=007&b=0", 7),
    ],
)
def test_adds(client: Client, query: str, total: int) -> None:
    answer = client.request("GET", f"/api/add?{query}")
    assert (answer.status, answer.body) == (200, b'{"sum":%d}' % total)


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        ("", ["a", "b"]),
        ("a=5", ["b"]),
        ("a=5&b=", ["b"]),
        ("a=+5&b=1", ["a"]),
        ("a=9223372036854775808&b=1", ["a"]),
        ("a=1&a=1&b=2", ["a"]),
        ("a=1&b=2&c=3", ["c"]),
        ("a=%D9%A7&b=1.0", ["a", "b"]),
        ("a=" + "1" * 5000 + "&b=1", ["a"]),
    ],
)
def test_refuses_to_add(client: Client, query: str, fields: list[str]) -> None:
    answer = client.request("GET", f"/api/add?{query}")
    assert answer.status == 422
    assert [error["field"] for error in json.loads(answer.body)["errors"]] == fields


def test_home_page(client: Client) -> None:
    answer = client.request("GET", "/")
    assert (answer.status, answer.header("Content-Type")) == (200, "text/html; charset=utf-8")
    assert b"<h1>User database</h1>" in answer.body


def test_users_page(client: Client) -> None:
    answer = client.request("GET", "/users?limit=2&after_username=user0000005&q=user&utm_source=x")
    assert answer.status == 200
    assert b'<a href="/users/6">user0000006</a>' in answer.body
    assert b'<a rel="next" href="/users?after_username=user0000007&amp;limit=2&amp;q=user">' in answer.body
    assert b'value="user"' in answer.body
    assert b'<a href="/users?q=user">First page</a>' in answer.body


def test_the_page_of_a_user_leads_to_the_news(client: Client) -> None:
    [path] = re.findall(rb'<a href="([^"]*/news)">', client.request("GET", "/users/7").body)
    answer = client.request("GET", path.decode())
    assert (answer.status, json.loads(answer.body)["user"]) == (200, "user0000007")


def test_a_space_around_what_is_searched_for_is_not_meant(client: Client) -> None:
    for query in ("q=user0000007+", "q=%20user0000007"):
        assert b'<a href="/users/7">' in client.request("GET", f"/users?{query}").body
        assert client.request("GET", f"/api/users?{query}").body.startswith(b'{"users":[],')


def test_users_page_without_a_match(client: Client) -> None:
    answer = client.request("GET", "/users?q=%22%3E%3Cscript%3Ealert(1)%3C/script%3E")
    assert answer.status == 200
    assert b"No user found." in answer.body
    assert b"<script>" not in answer.body
    assert b"&lt;script&gt;" in answer.body


def test_invalid_query_of_a_page(client: Client) -> None:
    answer = client.request("GET", "/users?limit=0")
    assert answer.status == 422
    assert b"<code>limit</code> must be a whole number from 1 to 100" in answer.body


def test_user_page(client: Client) -> None:
    answer = client.request("GET", "/users/7")
    assert answer.status == 200
    assert b"<h1>user0000007</h1>" in answer.body
    assert client.request("GET", "/users/99999").status == 404
