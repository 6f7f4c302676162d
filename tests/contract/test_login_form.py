"""The forms in which a person logs in and out."""

from __future__ import annotations

import pytest

from tests.contract.forms import messages
from tests.support.clients import Client
from tests.support.people import PASSWORD, Person, bearer, join, somebody
from userdb.sessions import NOBODY


def test_a_person_logs_in_and_out(client: Client) -> None:
    member, person = join(client, PASSWORD), Person(client)
    sent = person.fill("/login", username=f" {member.username} ", password=PASSWORD)
    assert (sent.status, sent.location, sent.answer.body) == (303, "/", b"")
    home = person.open("/")
    assert messages(home) == ["You are logged in."]
    assert f'<a href="{member.page}">{member.username}</a>' in home.text
    assert person.session.user_id == member.id
    out = person.send("/logout", home.form("/logout").fields)
    assert (out.status, out.location) == (303, "/")
    assert person.session.user_id == NOBODY
    home = person.open("/")
    assert messages(home) == ["You are logged out."]
    assert '<a href="/login">Log in</a>' in home.text
    assert not person.is_logged_in()


def test_the_page_that_asks_whether_to_log_out(client: Client) -> None:
    member = join(client)
    person = somebody(client, member)
    assert f"You are logged in as {member.username}." in person.open("/logout").text
    assert person.fill("/logout").status == 303
    assert "You are not logged in." in person.open("/logout").text


def test_a_login_that_fails_shows_the_form_again(client: Client) -> None:
    member, person = join(client, PASSWORD), Person(client)
    page = person.fill("/login?next=/users/7", username=member.username, password="wrong")
    assert page.status == 401
    assert "The username or the password is wrong." in page.text
    fields = page.form("/login").fields
    assert (fields["username"], fields["password"], fields["next"]) == (member.username, "", "/users/7")
    assert not person.is_logged_in()
    again = person.send("/login", {**fields, "password": PASSWORD})
    assert (again.status, again.location) == (303, "/users/7")


def test_a_login_with_a_name_that_none_could_have(client: Client) -> None:
    page = Person(client).fill("/login", username="a b", password="")
    assert (page.status, page.form("/login").invalid) == (422, ["username"])
    assert page.form("/login").fields["username"] == "a b"


@pytest.mark.parametrize("path", ["/users/new", "/users/7/edit", "/users/7/delete"])
def test_whoever_is_not_logged_in_is_sent_to_log_in_and_back(client: Client, path: str) -> None:
    person = Person(client)
    sent = person.open(path)
    assert (sent.status, sent.location) == (303, f"/login?next={path}")
    assert person.open(sent.location or "").form("/login").fields["next"] == path


def test_a_login_leads_on_to_what_one_wanted_to_see(client: Client) -> None:
    member, person = join(client, PASSWORD), Person(client)
    sent = person.open(f"{member.page}/edit")
    back = person.fill(sent.location or "", username=member.username, password=PASSWORD)
    assert (back.status, back.location) == (303, f"{member.page}/edit")
    assert person.open(back.location or "").form(f"{member.page}/edit").fields["username"] == member.username


def test_a_token_of_the_api_is_the_session_of_a_page(client: Client) -> None:
    """One and the same: what ends the one ends the other."""
    member = join(client)
    person = somebody(client, member)
    header = {"Authorization": f"Bearer {person.cookie}"}
    assert client.request("GET", "/api/me", header).status == 200
    assert person.is_logged_in()
    assert client.request("POST", "/api/logout", header).status == 204
    assert not person.is_logged_in()
    assert client.request("GET", "/api/me", bearer(member)).status == 200
