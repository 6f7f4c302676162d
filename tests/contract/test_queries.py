"""What the JSON API takes and refuses in a query: pages of users, and searches."""

from __future__ import annotations

import json

import pytest

from tests.support.clients import Client
from tests.support.problems import faults, problem


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
