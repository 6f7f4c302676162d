"""The form in which a user is edited."""

from __future__ import annotations

from tests.contract.forms import messages, user
from tests.support.clients import Client
from tests.support.people import PASSWORD, Person, fresh, join, log_in, somebody, token

OTHER_PASSWORD = "another battery"


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
