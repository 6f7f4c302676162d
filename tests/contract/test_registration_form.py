"""The form in which a person registers."""

from __future__ import annotations

import html
import json

import pytest

from tests.contract.forms import filled_in, messages
from tests.support.clients import Client
from tests.support.headers import FORM
from tests.support.people import PASSWORD, Person, fresh, join, log_in

WELCOME = "Welcome. You are registered and logged in."


def test_a_person_registers_and_is_logged_in(client: Client) -> None:
    person, fields = Person(client), filled_in()
    sent = person.fill("/register", **fields)
    assert (sent.status, sent.answer.body) == (303, b"")
    seen = person.open(sent.location or "")
    assert seen.status == 200
    assert messages(seen) == [WELCOME]
    assert f"<h1>{fields['username']}</h1>" in seen.text
    assert f'<a href="{sent.location}">{fields["username"]}</a>' in seen.text  # in the head of every page
    assert person.is_logged_in()
    assert log_in(client, fields["username"], PASSWORD).status == 200
    found = json.loads(client.request("GET", f"/api{sent.location}").body)
    assert (found["email"], found["age"], found["version"]) == (fields["email"], 36, 1)


def test_whoever_registers_is_no_administrator(client: Client) -> None:
    person = Person(client)
    person.fill("/register", **filled_in())
    assert person.open("/users/new").status == 403
    assert person.open("/users/1/edit").status == 403


def test_a_message_is_said_once(client: Client) -> None:
    person = Person(client)
    sent = person.fill("/register", **filled_in())
    assert person.open("/nowhere").status == 404  # an error page says nothing of it
    assert [messages(person.open(path)) for path in (sent.location or "", "/", "/users")] == [[WELCOME], [], []]


def test_what_was_filled_in_is_kept_where_something_is_wrong(client: Client) -> None:
    given = {"username": 'a "b"', "email": "<nobody>", "age": "151", "password": "1234567"}
    page = Person(client).fill("/register", **given)
    form = page.form("/register")
    assert page.status == 422
    assert {name: form.fields[name] for name in given} == {**given, "password": ""}
    assert form.invalid == list(given)
    assert "<title>Error: Register" in page.text
    assert "Password 8 to 128 characters" not in page.text
    assert "Password must be 8 to 128 characters." in page.text
    assert '<a href="#age">Age must be a whole number from 0 to 150, or nothing.</a>' in page.text


@pytest.mark.parametrize("field", ["username", "email"])
def test_a_name_or_an_address_that_is_taken(client: Client, field: str) -> None:
    member = join(client)
    given = filled_in(**{field: getattr(member, field)})
    person = Person(client)
    page = person.fill("/register", **given)
    assert (page.status, page.form("/register").invalid) == (409, [field])
    assert f"Another user has this {field}." in page.text
    assert page.form("/register").fields["age"] == "36"
    assert not person.is_logged_in()


def test_whoever_registers_needs_a_password(client: Client) -> None:
    page = Person(client).fill("/register", **filled_in(password=""))
    assert (page.status, page.form("/register").invalid) == (422, ["password"])


def test_spaces_around_a_value_are_no_part_of_it_but_a_password_is_as_it_is(client: Client) -> None:
    name = fresh()
    given = {
        "username": f" {name} ",
        "email": f" {name.upper()}@Example.org\t",
        "age": " ",
        "password": f" {PASSWORD} ",
    }
    person = Person(client)
    sent = person.fill("/register", **given)
    found = json.loads(client.request("GET", f"/api{sent.location}").body)
    assert (found["username"], found["email"], found["age"]) == (name, f"{name}@example.org", None)
    assert [log_in(client, name, password).status for password in (PASSWORD, f" {PASSWORD} ")] == [401, 200]


def test_a_form_takes_what_it_has_and_nothing_else(client: Client) -> None:
    person = Person(client)
    fields = person.open("/register").form("/register").fields
    headers = {"Origin": f"http://{person.host}", "Cookie": f"session={person.cookie}"}
    for body, status, what in (
        (b"username=a&username=b", 422, "is given more than once"),
        (b"is_admin=1", 422, "is not known"),
        (b"username=%zz", 400, "malformed|broken"),
        (b"username=%ff", 400, "UTF-8"),
    ):
        answer = client.request("POST", "/register", {**FORM, **headers}, body)
        assert answer.status == status
        assert any(each in answer.body.decode() for each in what.split("|"))
    for kind in ("application/json", "multipart/form-data; boundary=x", "text/plain"):
        answer = client.request("POST", "/register", {**headers, "Content-Type": kind}, b"username=a")
        assert answer.status == 415
        assert html.unescape(answer.body.decode()).count("must be application/x-www-form-urlencoded") == 1
    assert person.send("/register?x=1", fields).status == 422
