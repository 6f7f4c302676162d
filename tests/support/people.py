"""People with a browser, as far as pages are concerned: it keeps the cookie and sends forms as they were filled in."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from html.parser import HTMLParser
from secrets import token_hex
from typing import Any
from urllib.parse import urlencode

from tests.support.accounts import ADMIN, SESSIONS, account
from tests.support.answers import Answer
from tests.support.clients import Client, Headers, HttpClient
from tests.support.headers import FORM, JSON
from userdb.models import Account, User
from userdb.sessions import Session

PASSWORD = "battery staple"


@dataclass(frozen=True)
class Member:
    """A user of a test's own, who knows a password if there is one."""

    id: int
    username: str
    email: str
    password: str | None

    @property
    def path(self) -> str:
        """Where the API has it."""
        return f"/api/users/{self.id}"

    @property
    def page(self) -> str:
        """Where a person sees it."""
        return f"/users/{self.id}"


def fresh() -> str:
    """A username that nobody has."""
    return f"u{token_hex(6)}"


def join(client: Client, password: str | None = None) -> Member:
    """A new user; only with a password it can log in."""
    name = fresh()
    given = {"username": name, "email": f"{name}@example.org"} | ({"password": password} if password else {})
    answer = send(client, "POST", "/api/users", given, ADMIN)
    assert answer.status == 201, answer
    return Member(json.loads(answer.body)["id"], name, given["email"], password)


def session(member: Member) -> Session:
    """A session of a member without a password, which needs no login."""
    assert member.password is None, "its stamp would be that of the hash"
    return SESSIONS.begin(Account(User(member.id, "", "", None, "", 1), None, is_admin=False))


def bearer(member: Member) -> Headers:
    """The header of such a session."""
    return authorization(SESSIONS.token(session(member)))


def authorization(token: str) -> Headers:
    """The header that brings a token."""
    return {"Authorization": f"Bearer {token}"}


def send(client: Client, method: str, target: str, value: Any, headers: Headers | None = None) -> Answer:
    """Send a value as JSON."""
    return client.request(method, target, {**JSON, **(headers or {})}, json.dumps(value).encode())


def log_in(client: Client, username: str, password: str) -> Answer:
    """Ask for a token."""
    return send(client, "POST", "/api/login", {"username": username, "password": password})


def cookies_of(answer: Answer) -> dict[str, str]:
    """The cookies that an answer brings, by name."""
    brought = [value.partition(";")[0].partition("=") for name, value in answer.headers if name.lower() == "set-cookie"]
    return {name: value for name, _, value in brought}


def token(client: Client, member: Member) -> str:
    """The token that a member gets."""
    answer = log_in(client, member.username, member.password or "")
    assert answer.status == 200, answer
    found: str = json.loads(answer.body)["token"]
    return found


@dataclass
class Form:
    """A form of a page: where it goes, and its fields with what stands in them."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)
    invalid: list[str] = field(default_factory=list)


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(given["action"]))
        elif tag == "input":
            self.forms[-1].fields[given["name"]] = given.get("value", "")
            self.forms[-1].invalid += [given["name"]] if given.get("aria-invalid") == "true" else []


@dataclass(frozen=True)
class Page:
    """What a browser got."""

    answer: Answer

    @property
    def status(self) -> int:
        """Its status."""
        return self.answer.status

    @property
    def text(self) -> str:
        """Its source."""
        return self.answer.body.decode()

    @property
    def location(self) -> str | None:
        """Where the browser is sent."""
        return self.answer.header("Location")

    def form(self, action: str) -> Form:
        """The last form that goes there."""
        parser = _Forms()
        parser.feed(self.text)
        return [form for form in parser.forms if form.action == action][-1]


class Person:
    """Somebody with a browser; logged in as a seeded user if one is named."""

    def __init__(self, client: Client, user_id: int | None = None) -> None:
        self.client = client
        self.host = f"{client.host}:{client.port}" if isinstance(client, HttpClient) else "127.0.0.1:8080"
        self.cookie = SESSIONS.token(SESSIONS.begin(account(user_id))) if user_id else ""
        self.device = ""  # as a browser keeps it that has logged in; here it is sent along everywhere

    @property
    def session(self) -> Session:
        """What the cookie holds."""
        found = SESSIONS.read(self.cookie)
        assert found is not None
        return found

    def open(self, path: str, headers: Headers | None = None) -> Page:
        """Open a page."""
        return self._ask("GET", path, headers or {}, b"")

    def send(self, path: str, fields: dict[str, str], headers: Headers | None = None) -> Page:
        """Send fields as a form of this site would, which has opened no page for that."""
        own = {**FORM, "Origin": f"http://{self.host}", "Sec-Fetch-Site": "same-origin"}
        return self._ask("POST", path, own if headers is None else FORM | headers, urlencode(fields).encode())

    def fill(self, path: str, **fields: str) -> Page:
        """Open a page, fill in its form and send it."""
        form = self.open(path).form(path.partition("?")[0])
        assert fields.keys() <= form.fields.keys()
        return self.send(form.action, form.fields | fields)

    def log_in(self, member: Member) -> None:
        """Log in on the page."""
        assert self.fill("/login", username=member.username, password=member.password or "").status == 303

    def is_logged_in(self) -> bool:
        """Whether a page takes the person for somebody."""
        return self.open("/logout").text.count("You are logged in as ") == 1

    def _ask(self, method: str, path: str, headers: Headers, body: bytes) -> Page:
        # In front of a stack nginx says by which host it was asked, and in this process nobody else would.
        cookies = [f"{name}={value}" for name, value in (("session", self.cookie), ("device", self.device)) if value]
        named = {"X-Forwarded-Host": self.host, **headers} | ({"Cookie": "; ".join(cookies)} if cookies else {})
        answer = self.client.request(method, path, named, body)
        brought = cookies_of(answer)
        self.cookie, self.device = brought.get("session", self.cookie), brought.get("device", self.device)
        return Page(answer)


def somebody(client: Client, member: Member) -> Person:
    """A member without a password, logged in."""
    person = Person(client)
    person.cookie = SESSIONS.token(session(member))
    return person
