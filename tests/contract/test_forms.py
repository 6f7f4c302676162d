"""The pages with forms: what a person fills in, sees, and comes to."""

from __future__ import annotations

import html
import json
from typing import Any

import pytest

from tests.support.clients import Client
from tests.support.headers import FORM
from tests.support.people import PASSWORD, Member, Page, Person, bearer, fresh, join, log_in, somebody, token
from userdb.sessions import NOBODY

OTHER_PASSWORD = "another battery"
WELCOME = "Welcome. You are registered and logged in."


def user(client: Client, member: Member) -> dict[str, Any]:
    """A member as the API tells."""
    found: dict[str, Any] = json.loads(client.request("GET", member.path).body)
    return found


def messages(page: Page) -> list[str]:
    """What a page says about what was done before it."""
    return [
        line.split(">")[1].split("<")[0] for line in page.text.splitlines() if line.startswith('<p class="message"')
    ]


def filled_in(**more: str) -> dict[str, str]:
    """A new user's fields."""
    name = fresh()
    return {"username": name, "email": f"{name}@example.org", "age": "36", "password": PASSWORD, **more}


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


def test_a_person_edits_himself(client: Client) -> None:
    member = join(client)
    person, path = somebody(client, member), f"{member.page}/edit"
    form = person.open(path).form(path)
    shown = {name: form.fields[name] for name in ("username", "email", "age", "password", "version")}
    assert shown == {"username": member.username, "email": member.email, "age": "", "password": "", "version": "1"}
    name = fresh()
    sent = person.fill(path, username=name, age="7", email=member.email.upper())
    assert (sent.status, sent.location) == (303, member.page)
    assert messages(person.open(member.page)) == ["The changes were saved."]
    now = user(client, member)
    assert (now["username"], now["email"], now["age"], now["version"]) == (name, member.email, 7, 2)
    person.fill(path, age="")
    assert user(client, member)["age"] is None
    assert person.is_logged_in()


def test_what_was_edited_is_kept_where_something_is_wrong(client: Client) -> None:
    member = join(client)
    person, path = somebody(client, member), f"{member.page}/edit"
    for given, status in (({"username": "a b", "age": "x"}, 422), ({"username": "admin", "age": "9"}, 409)):
        page = person.fill(path, **given)
        form = page.form(path)
        assert page.status == status
        assert {name: form.fields[name] for name in given} == given
        assert form.fields["version"] == "1"
        assert f"<title>Error: Edit user {member.id}" in page.text
    assert user(client, member)["version"] == 1


def test_who_edits_what_has_changed_meanwhile_is_told_and_loses_nothing(client: Client) -> None:
    member = join(client)
    person, path = somebody(client, member), f"{member.page}/edit"
    form = person.open(path).form(path)
    assert Person(client, 1).fill(path, age="50").status == 303
    page = person.send(path, {**form.fields, "age": "60"})
    assert (page.status, page.form(path).fields["age"]) == (412, "60")
    assert f'<a href="{path}">Begin again with what is there now</a>' in page.text
    assert user(client, member)["age"] == 50
    # Sent again it is refused again: only opening the form anew shows what is there.
    assert person.send(path, page.form(path).fields).status == 412
    assert person.fill(path, age="60").status == 303


def test_no_version_or_a_strange_one_changes_nothing(client: Client) -> None:
    member = join(client)
    person, path = somebody(client, member), f"{member.page}/edit"
    fields = person.open(path).form(path).fields
    for version in ("", "2", "x", "*", "١"):
        assert person.send(path, {**fields, "version": version}).status == 412
    del fields["version"]
    assert person.send(path, fields).status == 412
    assert user(client, member)["version"] == 1


def test_a_new_password_ends_all_other_sessions_and_the_person_stays_logged_in(client: Client) -> None:
    member, person, elsewhere = join(client, PASSWORD), Person(client), Person(client)
    person.log_in(member)
    elsewhere.log_in(member)
    program, before = token(client, member), person.session.id
    sent = person.fill(f"{member.page}/edit", password=OTHER_PASSWORD)
    assert (sent.status, sent.location) == (303, member.page)
    assert messages(person.open(member.page)) == ["The changes were saved."]
    assert person.is_logged_in()
    assert person.session.id != before
    assert not elsewhere.is_logged_in()
    assert client.request("GET", "/api/me", {"Authorization": f"Bearer {program}"}).status == 401
    assert [log_in(client, member.username, each).status for each in (PASSWORD, OTHER_PASSWORD)] == [401, 200]


def test_an_administrator_edits_another_and_goes_on_as_himself(client: Client) -> None:
    member, person, admin = join(client, PASSWORD), Person(client), Person(client, 1)
    person.log_in(member)
    assert admin.fill(f"{member.page}/edit", password=OTHER_PASSWORD).status == 303
    assert (admin.session.user_id, admin.is_logged_in()) == (1, True)
    assert not person.is_logged_in()
    assert log_in(client, member.username, OTHER_PASSWORD).status == 200


def test_an_empty_password_leaves_the_old_one(client: Client) -> None:
    member, person = join(client, PASSWORD), Person(client)
    person.log_in(member)
    before = person.session.id
    assert person.fill(f"{member.page}/edit", age="5").status == 303
    assert (person.session.id, person.is_logged_in()) == (before, True)
    assert log_in(client, member.username, PASSWORD).status == 200


def test_an_administrator_removes_a_user(client: Client) -> None:
    member, admin = join(client), Person(client, 1)
    path = f"{member.page}/delete"
    assert f"<h1>Remove {member.username}?</h1>" in admin.open(path).text
    sent = admin.fill(path)
    assert (sent.status, sent.location) == (303, "/users")
    assert messages(admin.open("/users")) == ["The user was removed."]
    assert client.request("GET", member.path).status == 404
    assert admin.open(path).status == 404


def test_what_has_changed_meanwhile_is_not_removed(client: Client) -> None:
    member, admin = join(client), Person(client, 1)
    path = f"{member.page}/delete"
    fields = admin.open(path).form(path).fields
    assert somebody(client, member).fill(f"{member.page}/edit", age="5").status == 303
    page = admin.send(path, fields)
    assert (page.status, page.form(path).fields["version"]) == (412, "2")
    assert "The user has changed since you read it." in page.text
    assert admin.send(path, page.form(path).fields).status == 303


def test_a_person_removes_himself_and_is_nobody_then(client: Client) -> None:
    member = join(client)
    person = somebody(client, member)
    before = person.cookie
    assert person.fill(f"{member.page}/delete").status == 303
    page = person.open("/users")
    assert messages(page) == ["The user was removed."]
    assert '<a href="/login">Log in</a>' in page.text
    person.cookie = before
    assert not person.is_logged_in()


def test_an_administrator_creates_users(client: Client) -> None:
    admin, fields = Person(client, 1), filled_in(password="", age="")
    sent = admin.fill("/users/new", **fields)
    assert sent.status == 303
    page = admin.open(sent.location or "")
    assert messages(page) == ["The user was created."]
    assert f"<dd>{fields['email']}</dd>" in page.text
    assert admin.session.user_id == 1
    assert log_in(client, fields["username"], "").status == 401


def test_what_was_filled_in_for_a_new_user_is_kept(client: Client) -> None:
    admin = Person(client, 1)
    for more, status in (({"age": "-1"}, 422), ({"username": "admin"}, 409), ({"password": "short"}, 422)):
        fields = filled_in(**more)
        page = admin.fill("/users/new", **fields)
        assert (page.status, page.form("/users/new").invalid) == (status, list(more))
        assert page.form("/users/new").fields["email"] == fields["email"]


def test_forms_of_others_are_not_for_everybody(client: Client) -> None:
    member, stranger = join(client), somebody(client, join(client))
    mine = stranger.open("/logout").form("/logout").fields
    for path in (f"{member.page}/edit", f"{member.page}/delete", "/users/new"):
        page = stranger.open(path)
        assert (page.status, page.answer.header("Content-Type")) == (403, "text/html; charset=utf-8")
        assert stranger.send(path, mine).status == 403
    assert user(client, member)["version"] == 1


def test_an_administrator_removes_himself_nowhere(client: Client) -> None:
    admin = Person(client, 1)
    assert ["/delete" in admin.open(f"/users/{user_id}").text for user_id in (1, 7)] == [False, True]
    assert admin.open("/users/1/delete").status == 403
    assert (
        admin.send("/users/1/delete", admin.open("/users/1/edit").form("/logout").fields | {"version": "1"}).status
        == 403
    )
    assert client.request("GET", "/api/users/1").status == 200


def test_a_page_offers_what_its_reader_may_do(client: Client) -> None:
    member = join(client)
    links = [f'href="{member.page}/edit"', f'href="{member.page}/delete"']
    own = somebody(client, member)
    for person, offered in ((own, 1), (Person(client, 1), 1), (Person(client, 7), 0), (Person(client), 0)):
        assert [person.open(member.page).text.count(link) for link in links] == [offered] * 2
        assert person.open("/users").text.count('href="/users/new"') == (
            person.cookie != "" and person.session.user_id == 1
        )


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


def test_a_user_that_is_not_there_has_no_forms(client: Client) -> None:
    admin = Person(client, 1)
    mine = admin.open("/logout").form("/logout").fields
    for path, fields in (("/users/99999999/edit", filled_in()), ("/users/99999999/delete", {})):
        assert admin.open(path).status == 404
        assert admin.send(path, {**mine, **fields, "version": "1"}).status == 404


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
