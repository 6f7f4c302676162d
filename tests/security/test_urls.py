"""Where a login leads to is within this site, and no value gets out of the header or the line it belongs to."""

from __future__ import annotations

from urllib.parse import quote, urljoin, urlsplit

import pytest

from tests.support.answers import Answer
from tests.support.clients import Client
from tests.support.headers import FORM
from tests.support.people import Person, fresh, join
from userdb import urls

ELSEWHERE = [
    "//evil.example", "///evil.example", "////evil.example", "//evil.example/%2f..", "/\\evil.example", "\\/evil.example",
    "\\\\evil.example", "/\\/evil.example", "/users\\..\\..", "https://evil.example", "https:evil.example", "HTTP://evil.example",
    "https:/evil.example", "javascript:alert(1)", "data:text/html,x", "evil.example", "evil.example/users", "@evil.example",
    ".//evil.example", "?next=/", "#x", "", " ", " /users", "\t//evil.example", "/\t/evil.example", "/\n/evil.example",
    "/\r/evil.example", "\n/users", "/users\n", "/users\r\nX-Evil: 1", "/users\r\nSet-Cookie: session=x", "/users\n\n<script>",
    "/\0", "/users\x7f", "/é", "/\u2028/evil.example", "/\uff0f/evil.example", "／／evil.example", "/users ", "/" + "a" * 501,
    "%2F%2Fevil.example", "%5C%5Cevil.example",
]  # fmt: skip
WITHIN = [
    "/", "/users", "/users?q=a&limit=2", "/users/7/edit", "/docs#log_in", "/%2Fevil.example", "/%5cevil.example",
    "/..//evil.example", "/.//evil.example", "/users?next=//evil.example", "/%0d%0aX-Evil:1", "/a@evil.example", "/" + "a" * 500,
]  # fmt: skip


@pytest.mark.parametrize("url", WITHIN)
def test_a_url_within_this_site(url: str) -> None:
    assert urls.local(url) == url
    assert urlsplit(urljoin("http://own.example/login", url)).netloc == "own.example"


@pytest.fixture
def any_password(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every password is right: what is tried here comes after that."""
    monkeypatch.setattr("userdb.passwords.matches", lambda password_hash, password: True)


@pytest.mark.usefixtures("any_password")
def test_a_login_leads_nowhere_else(app_client: Client) -> None:
    person = Person(app_client)
    fields = person.open("/login").form("/login").fields | {"username": "user0000007", "password": "any"}
    cookie = person.cookie
    for url in ELSEWHERE:
        person.cookie = cookie
        shown = person.open(f"/login?next={quote(url, safe='')}").form("/login").fields["next"]
        sent = person.send("/login", {**fields, "next": url})
        assert (shown, sent.status, sent.location) == ("/", 303, "/"), url
    for url in WITHIN:
        person.cookie = cookie
        assert person.open(f"/login?next={quote(url, safe='')}").form("/login").fields["next"] == url
        assert person.send("/login", {**fields, "next": url}).location == url


def test_an_address_that_is_given_twice_or_broken_leads_nowhere(app_client: Client) -> None:
    person = Person(app_client)
    assert person.open("/login?next=/users&next=//evil.example").status == 422
    assert person.open("/login?next=%zz").status == 400
    assert person.open("/login?next=%ff").status == 400
    assert person.open("/login?next").form("/login").fields["next"] == "/"


def split(answer: Answer) -> list[str]:
    """Headers and values that nobody meant."""
    strange = [name for name, _ in answer.headers if "evil" in name.lower()]
    return strange + [value for _, value in answer.headers if "\r" in value or "\n" in value or "session=evil" in value]


def test_no_value_begins_a_header_of_its_own(client: Client) -> None:
    member, person = join(client, "battery staple"), Person(client)
    for end in ("\r\n", "\n", "\r", "\u010d\u010a", "\0"):
        text = f"/users{end}X-Evil: 1{end}Set-Cookie: session=evil"
        for path in ("/login?next=", "/users?q=", "/users/", "/", "/users?limit="):
            assert split(person.open(path + quote(text, safe="")).answer) == []
        given = {"username": member.username, "password": "battery staple", "next": text}
        sent = person.fill("/login", **given)
        assert (sent.status, sent.location, split(sent.answer)) == (303, "/", [])
        for name in ("username", "email", "age", "version"):
            page = person.fill(f"{member.page}/edit", **{name: text})
            assert page.status in (412, 422)
            assert split(page.answer) == []
        assert split(person.send("/login", {"csrf": text, text: text}).answer) == []
        person.fill("/logout")


def test_an_address_in_a_path_leads_nowhere(client: Client) -> None:
    """Only what has an id is sent to log in, and back to that id."""
    for path in (
        "//evil.example/edit",
        "/users//evil.example/edit",
        "/users/7%2F..%2F..%2Fevil/edit",
        "/users/%0d%0aX-Evil:1/edit",
    ):
        answer = client.request("GET", path)
        assert (answer.status, answer.header("Location")) == (404, None)
    assert client.request("GET", "/users/007/edit").header("Location") == "/login?next=/users/7/edit"


def test_a_host_that_is_not_ours_stands_in_no_answer(client: Client) -> None:
    member = join(client)
    headers = {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https", "Forwarded": "host=evil.example"}
    person = Person(client)
    for path in ("/users/7/edit", "/login", "/users", f"/api{member.page}"):
        page = person.open(path, headers)
        assert b"evil.example" not in page.answer.body
        assert not [value for _, value in page.answer.headers if "evil.example" in value]
    name = fresh()
    answer = client.request("POST", "/register", {**FORM, **headers}, f"username={name}".encode())
    assert answer.status == 403
    assert b"evil.example" not in answer.body
