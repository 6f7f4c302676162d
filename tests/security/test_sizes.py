"""Requests that are too large for what they could mean: refused in the form of all errors, and cheaply."""

from __future__ import annotations

import json

from tests.support.clients import Client
from tests.support.headers import FORM, JSON
from tests.support.people import PASSWORD, Person, authorization, fresh, join, log_in
from userdb.forms import LARGEST_BODY


def test_a_body_beyond_the_limit(client: Client) -> None:
    for path in ("/login", "/register", "/logout", "/users/7/edit"):
        body = b"username=" + b"a" * LARGEST_BODY
        answer = client.request("POST", path, FORM, body)
        assert (answer.status, answer.header("Content-Type")) == (413, "text/html; charset=utf-8"), path
        assert b"Error 413, request " in answer.body
    answer = client.request("POST", "/api/login", JSON, b'{"username":"' + b"a" * LARGEST_BODY + b'"}')
    assert (answer.status, answer.header("Content-Type")) == (413, "application/problem+json")
    assert json.loads(answer.body)["detail"] == "The request is larger than this URL takes."


def test_a_password_that_is_far_too_long_is_not_looked_at(client: Client) -> None:
    long = "x" * 60_000
    answer = log_in(client, "admin", long)
    assert answer.status == 422
    assert [error["field"] for error in json.loads(answer.body)["errors"]] == ["password"]
    page = Person(client).fill("/login", username="admin", password=long)
    assert (page.status, page.form("/login").invalid) == (422, ["password"])
    page = Person(client).fill("/register", username=fresh(), email="a@b", password=long)
    assert (page.status, page.form("/register").invalid) == (422, ["password"])
    assert long not in page.text


def test_of_a_username_that_is_far_too_long_the_beginning_is_sent_back(client: Client) -> None:
    long = "x" * 60_000
    page = Person(client).fill("/login", username=long, password=PASSWORD)
    assert (page.status, page.form("/login").fields["username"]) == (422, long[:1000])
    assert page.text.count("xx" * 500) == 1
    answer = log_in(client, long, PASSWORD)
    assert (answer.status, long.encode() in answer.body) == (422, False)


def test_an_answer_does_not_grow_with_what_is_wrong(client: Client) -> None:
    """Errors are bounded in number and in size, however many fields are not known and however long their names are."""
    many = b"{" + b",".join(b'"%d":1' % number for number in range(5000)) + b"}"
    long = b'{"' + b"\xc3\xbc" * 30_000 + b'":1}'
    for body, told in ((many, 20), (long, 3)):
        answer = client.request("POST", "/api/login", JSON, body)
        errors = json.loads(answer.body)["errors"]
        assert (answer.status, len(errors)) == (422, told)
        assert max(len(error["field"]) for error in errors) <= 80
        assert len(answer.body) < 4000
    for body in (b"&".join(b"f%d" % number for number in range(100)), b"f" * 60_000, b"&".join([b'"' * 600] * 100)):
        answer = client.request("POST", "/login", FORM, body)
        assert (answer.status, len(answer.body) < 8000) == (422, True)
    page = Person(client).fill("/register", username='"' * 20_000, email="a@b", password=PASSWORD)
    assert (page.status, len(page.text) < 10_000) == (422, True)
    answer = client.request("GET", "/api/users?" + "&".join(f"{'%22' * 20}{number}" for number in range(90)))
    assert (answer.status, len(json.loads(answer.body)["errors"])) == (422, 20)


def test_ten_thousand_fields(client: Client) -> None:
    body = b"&".join(b"f%d" % number for number in range(10_000))
    assert len(body) < LARGEST_BODY
    for many in (body, b"&".join([b"username=a"] * 5000), b"&" * 60_000):
        for path in ("/login", "/register"):
            answer = client.request("POST", path, FORM, many)
            assert (answer.status, answer.header("Content-Type")) == (400, "text/html; charset=utf-8")
            assert len(answer.body) < 2000


def test_a_large_cookie_and_a_large_token_are_nobodys(client: Client) -> None:
    large = "x" * 7000
    person = Person(client)
    for cookies in (f"session={large}", f"other={large}", "; ".join(["a=b"] * 1500), f"session={'.' * 7000}"):
        answer = client.request("GET", "/logout", {"Cookie": cookies})
        assert (answer.status, b"You are not logged in." in answer.body) == (200, True)
    assert client.request("GET", "/api/me", authorization(large)).status == 401
    member = join(client, PASSWORD)
    person.log_in(member)
    answer = client.request("GET", "/logout", {"Cookie": f"other={large}; session={person.cookie}"})
    assert f"You are logged in as {member.username}.".encode() in answer.body


def test_deep_and_wide_json(client: Client) -> None:
    for body, status in (
        (b"[" * 60_000, 400),
        (b'{"username":' * 5000, 400),
        (b'{"username":"a","password":' + b"[" * 60_000 + b"]" * 5000 + b"}", 400),
        (b'{"username":"a","password":' + b"9" * 60_000 + b"}", 422),
        (b"{" + b",".join(b'"f%d":1' % number for number in range(5000)) + b"}", 422),
        (b'{"username":"a","username":"b","password":"c","password":"d"}', 401),
    ):
        assert client.request("POST", "/api/login", JSON, body).status == status, body[:40]
