"""The forms in which users are created and removed, and who is offered which."""

from __future__ import annotations

from tests.contract.forms import filled_in, messages, user
from tests.support.clients import Client
from tests.support.people import Person, join, log_in, somebody


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


def test_a_user_that_is_not_there_has_no_forms(client: Client) -> None:
    admin = Person(client, 1)
    mine = admin.open("/logout").form("/logout").fields
    for path, fields in (("/users/99999999/edit", filled_in()), ("/users/99999999/delete", {})):
        assert admin.open(path).status == 404
        assert admin.send(path, {**mine, **fields, "version": "1"}).status == 404
