"""Forms that a page of another site sends in a visitor's name: refused, each by itself, whatever else is right."""

from __future__ import annotations

import pytest

from tests.support.accounts import ADMIN
from tests.support.clients import Client
from tests.support.headers import FORM
from tests.support.people import PASSWORD, Member, Person, fresh, join, somebody
from userdb import ending
from wsgi_app.app import ROUTES

FORMS = [path for path, views in ROUTES.items() if "POST" in views and not path.startswith("/api/")]
REFUSED = "The form was not sent by a page of this site"


def foreign(host: str) -> list[dict[str, str]]:
    """What browsers say of requests that come from elsewhere."""
    name, _, port = host.partition(":")
    origins = [
        "http://evil.example",
        "null",
        "",
        f"https://{host}",
        f"http://{name}",
        f"http://{name}:1{port}",
        f"http://{host}.evil.example",
        f"http://evil.{host}",
        f"http://{host}@evil.example",
        f"http://{host}/",
        f"http://{host},http://evil.example",
    ]
    sites = ["cross-site", "same-site", "", "Same-Origin", "same-origin,cross-site"]
    return [
        *({"Origin": origin} for origin in origins),
        *({"Sec-Fetch-Site": site} for site in sites),
        *({"Sec-Fetch-Site": site, "Origin": f"http://{host}"} for site in sites),
    ]


def version(client: Client, member: Member) -> bytes:
    """A member as everybody sees it."""
    return client.request("GET", member.path).body


def test_the_forms_of_this_site_are_known() -> None:
    assert sorted(FORMS) == [
        "/login", "/logout", "/register", "/users/new", "/users/{user_id}/delete", "/users/{user_id}/edit",
    ]  # fmt: skip


def test_a_form_from_elsewhere_changes_nothing(client: Client) -> None:
    member = join(client)
    person, before = somebody(client, member), version(client, member)
    path = f"{member.page}/edit"
    fields = person.open(path).form(path).fields | {"age": "99"}
    for headers in foreign(person.host):
        page = person.send(path, fields, headers)
        assert (page.status, REFUSED in page.text) == (403, True), headers
        assert page.answer.header("Set-Cookie") is None
    assert version(client, member) == before
    assert person.send(path, fields).status == 303


@pytest.mark.parametrize("form", FORMS)
def test_every_form_asks_where_it_comes_from_and_for_its_token(client: Client, form: str) -> None:
    member = join(client)
    person = Person(client, 1) if form == "/users/new" else somebody(client, member)
    path = form.replace("{user_id}", str(member.id))
    name = fresh()
    filled = {
        "/login": {"username": "admin", "password": "correct-horse"},
        "/logout": {},
        "/users/{user_id}/edit": {"age": "99"},
        "/users/{user_id}/delete": {},
    }.get(form, {"username": name, "email": f"{name}@example.org", "password": PASSWORD})
    cookie = person.cookie
    fields = person.open(path).form(path).fields | filled
    without = {name: value for name, value in fields.items() if name != "csrf"}
    other = somebody(client, member).open("/logout").form("/logout").fields["csrf"]
    for token in ("", "x", other, person.cookie, person.session.id, fields["csrf"] + "x", fields["csrf"][:-2]):
        assert REFUSED in person.send(path, {**fields, "csrf": token}).text, token
    for found in (
        person.send(path, without),
        person.send(path, fields, {"Sec-Fetch-Site": "cross-site"}),
        person.send(path, fields, {"Origin": "http://evil.example"}),
        person.send(path, without, {}),
    ):
        assert (found.status, REFUSED in found.text) == (403, True)
    person.cookie = ""
    assert person.send(path, fields).status == 403
    person.cookie = cookie
    assert person.is_logged_in()
    assert b'"version":1' in version(client, member)
    assert client.request("GET", f"/api/users?q={name}").body == b'{"users":[],"next":null}'
    assert person.send(path, fields).status == 303


def test_what_browsers_say_of_a_page_of_this_site(client: Client) -> None:
    member = join(client)
    person, path = somebody(client, member), f"{member.page}/edit"
    own = {"Origin": f"http://{person.host}"}
    for headers in (
        own,
        {"Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "same-origin", **own},
        {"Sec-Fetch-Site": "none"},  # the person himself, by sending the form of an old page again
        {},  # no browser; it has the token
    ):
        fields = person.open(path).form(path).fields
        assert person.send(path, fields, headers).status == 303, headers


def test_the_token_of_a_session_that_is_over_is_of_no_use(client: Client) -> None:
    member = join(client)
    person, path = somebody(client, member), f"{member.page}/edit"
    before, fields = person.cookie, person.open(path).form(path).fields
    person.fill("/logout")
    for cookie in (before, person.cookie):
        person.cookie = cookie
        assert person.send(path, fields).status == 403
    assert b'"version":1' in version(client, member)


def test_a_body_that_a_plain_form_can_send_reaches_nothing_of_the_api(client: Client) -> None:
    """Without asking first, another site's page can only send these three kinds, and no Authorization."""
    person = Person(client, 1)
    for kind in ("text/plain", "multipart/form-data; boundary=x", FORM["Content-Type"]):
        headers = {"Content-Type": kind, "Cookie": f"session={person.cookie}"}
        body = b'{"username":"admin","password":"correct-horse"}'
        assert client.request("POST", "/api/login", headers, body).status == 415
        assert client.request("POST", "/api/users", headers, body).status == 401


def test_no_answer_lets_a_page_of_another_site_read_it(client: Client) -> None:
    for method, path in (("GET", "/api/users/7"), ("OPTIONS", "/api/users/7"), ("GET", "/login")):
        answer = client.request(method, path, {"Origin": "http://evil.example"})
        assert not [name for name, _ in answer.headers if name.lower().startswith("access-control")]


def test_asking_for_an_address_never_changes_anything(
    statements: list[str], app_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ending, "is_near", lambda: True)  # or /api/events would go on
    person = Person(app_client, 1)
    fields = person.open("/users/7/edit").form("/users/7/edit").fields
    query = "&".join(f"{name}={value}" for name, value in fields.items())
    statements.clear()
    for path in ROUTES:
        for method in ("GET", "HEAD", "OPTIONS"):
            target = path.replace("{user_id}", "7")
            headers = {**ADMIN, "Cookie": f"session={person.cookie}"}
            answers = [app_client.request(method, target + more, headers, b"") for more in ("", f"?{query}")]
            assert {answer.status for answer in answers} <= {200, 204, 403, 405, 422, 426, 502}, target
    assert len(statements) > 20
    assert [each for each in statements if not each.startswith("SELECT ")] == []
    assert person.is_logged_in()


def test_logging_out_writes_nothing_where_nobody_is_logged_in(statements: list[str], app_client: Client) -> None:
    """What anybody can have done without an account must not take the lock that writing needs."""
    person = Person(app_client)
    token = person.open("/login").form("/login").fields["csrf"]
    statements.clear()
    assert person.send("/logout", {"csrf": token}).status == 303
    assert statements == []
