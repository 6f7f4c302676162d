"""What people write stays text, wherever it is shown: stored, or sent back at once."""

from __future__ import annotations

import json
from secrets import token_hex
from urllib.parse import quote

import pytest
from markupsafe import escape

from tests.security.markup import HOSTILE, active
from tests.support.accounts import ADMIN, ADMIN_JSON
from tests.support.clients import Client
from tests.support.people import PASSWORD, Page, Person, fresh, join, send

DOCS = "<script /static/docs.js>"


def check(page: Page, *scripts: str) -> None:
    """Nothing in it runs but these."""
    assert page.answer.header("Content-Type") == "text/html; charset=utf-8"
    assert active(page.text) == list(scripts)


def test_the_looking_finds_what_is_hostile() -> None:
    for text in HOSTILE[:4]:
        assert active(f"<p>{text}</p><input value=\"{text}\"><input value='{text}'>") != []
    assert active('<a href="javascript:alert(1)"></a>') != []
    assert active('<a href="//evil.example"></a><form action="https://evil.example"></form>') != []
    assert active('<p>plain</p><a href="/users">x</a>') == []


@pytest.mark.parametrize("text", HOSTILE)
def test_what_a_form_sends_back(app_client: Client, text: str) -> None:
    admin, stranger = Person(app_client, 1), Person(app_client)
    for person, path in ((stranger, "/register"), (admin, "/users/new"), (admin, "/users/7/edit")):
        given = {name: text for name in ("username", "email", "age", "password")}
        page = person.fill(path, **given)
        assert page.status == 422
        check(page)
        kept = {name: page.form(path).fields[name] for name in ("username", "email", "age")}
        assert kept == {name: text for name in kept}
        assert page.text.count(str(escape(text))) == 3  # and the password nowhere
    page = admin.fill("/users/7/edit", version=text)
    assert (page.status, page.form("/users/7/edit").fields["version"]) == (412, text)
    check(page)
    page = admin.fill("/users/7/delete", version=text)
    check(page)
    assert page.status == 412


@pytest.mark.parametrize("text", HOSTILE)
def test_what_the_login_sends_back(app_client: Client, text: str) -> None:
    person = Person(app_client)
    page = person.fill("/login", username=text, password=text, next=text)
    assert (page.status, page.form("/login").fields["username"]) == (422, text)
    assert page.form("/login").fields["next"] == "/"
    check(page)
    for inside in (f"/users?q={text}", f"/{text}"):
        page = person.open(f"/login?next={quote(inside)}")
        assert page.form("/login").fields["next"] == (inside if " " not in inside else "/")
        check(page)


@pytest.mark.parametrize("text", HOSTILE)
def test_what_an_address_brings(app_client: Client, text: str) -> None:
    person, quoted = Person(app_client, 1), quote(text, safe="")
    for path in (
        f"/users?q={quoted}",
        f"/users?after_username={quoted}&q={quoted}",
        f"/users?limit={quoted}",
        f"/users?after={quoted}",
        f"/users/{quoted}",
        f"/users/{quoted}/edit",
        f"/{quoted}",
        f"/users?{quoted}={quoted}&q=1&q=2",
        f"/login?{quoted}={quoted}",
    ):
        check(person.open(path))
    check(person.open(f"/docs?{quoted}={quoted}"), DOCS)
    fields = person.open("/register").form("/register").fields
    page = person.send("/register", {**fields, text: text})
    check(page)
    assert page.status == 422
    assert f"<code>{escape(text)}</code>" in page.text
    check(person.send(f"/register?{quoted}=1", fields))
    for headers in ({"Referer": text}, {"User-Agent": text}, {"Accept-Language": text}, {"X-Request-ID": text}):
        check(person.open("/nowhere", headers))
        check(person.send("/login", {"csrf": text}, headers))


# An email address may hold nearly everything but a space.
STORED = [text for text in HOSTILE if " " not in text and "@" not in text]


@pytest.mark.parametrize("text", STORED)
def test_what_is_stored(app_client: Client, text: str) -> None:
    person, name, email = Person(app_client), fresh(), f"{text}@x.{token_hex(4)}"
    sent = person.fill("/register", username=name, email=email, password=PASSWORD)
    assert sent.status == 303
    path = sent.location or ""
    member_id = path.rpartition("/")[2]
    for shown in (path, f"/users?q={name}", f"{path}/edit", f"{path}/delete", "/", "/logout"):
        page = person.open(shown)
        check(page)
        assert page.status == 200, shown
    escaped = escape(email.lower())
    assert f"<dd>{escaped}</dd>" in person.open(path).text
    assert f"<td>{escaped}</td>" in person.open(f"/users?q={name}").text
    assert person.open(f"{path}/edit").form(f"{path}/edit").fields["email"] == email.lower()
    assert json.loads(app_client.request("GET", f"/api/users/{member_id}").body)["email"] == email.lower()


def test_a_username_holds_no_markup_by_any_way(client: Client) -> None:
    member = join(client)
    for text in (*HOSTILE, "a b", "a/b", "..//", "a\0", "<", "a\n"):
        for method, path in (("POST", "/api/users"), ("PUT", member.path), ("PATCH", member.path)):
            answer = send(client, method, path, {"username": text, "email": "a@b"}, ADMIN)
            assert answer.status == 422
            assert answer.header("Content-Type") == "application/problem+json"
    assert b'"version":1' in client.request("GET", member.path).body


def test_names_that_look_like_sql_are_names(client: Client) -> None:
    """Values go to the database beside the statement, so there is nothing to break out of."""
    for text in (
        "' OR '1'='1",
        "admin'--",
        "'; DROP TABLE users; --",
        "x' UNION SELECT password_hash FROM users--",
        "%",
        "\\",
    ):
        assert send(client, "POST", "/api/login", {"username": text, "password": "x"}).status == 422
        name = fresh()
        assert send(client, "POST", "/api/login", {"username": name, "password": text}).status == 401
        assert client.request("GET", f"/api/users?q={quote(text)}").body == b'{"users":[],"next":null}'
        email = f"{text.replace(' ', '/**/')}@{name}"
        created = send(client, "POST", "/api/users", {"username": name, "email": email}, ADMIN)
        assert (created.status, json.loads(created.body)["email"]) == (201, email.lower())
        path = created.header("Location") or ""
        assert client.request("PATCH", path, ADMIN_JSON, b'{"age":1}').status == 200
        assert json.loads(client.request("GET", path).body)["email"] == email.lower()
    assert client.request("GET", "/api/users/1").status == 200
