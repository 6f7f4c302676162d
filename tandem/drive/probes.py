"""Probes: the requests that every stack of a run must answer alike, byte for byte, before it is loaded.

They go out in this order to a freshly restored database, so that writes among them find the same state everywhere.
"""

from __future__ import annotations

import json
from typing import NamedTuple
from urllib.parse import urlencode

from tandem.launch.database import ADMIN, PASSWORD


class Probe(NamedTuple):
    """One request, as its bytes on the wire will say it.

    `{token}`, `{session}` and `{csrf}` in header values and body stand for what this stack itself handed out last, in the
    answer to a probe that `teaches` it.
    """

    method: str
    target: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    teaches: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.method} {self.target}" + "".join(f" [{name}: {value}]" for name, value in self.headers)


JSON = ("Content-Type", "application/json")
FORM = ("Content-Type", "application/x-www-form-urlencoded")
TOKEN = ("Authorization", "Bearer {token}")
COOKIE = ("Cookie", "session={session}")
NEW = {"username": "probe-1", "email": "Probe-1@example.org", "age": 33}
CHANGED = {"username": "probe-2", "email": "probe-2@example.org", "age": None}
FILLED_IN = {"username": "probe-3", "email": "Probe-3@example.org", "age": "", "password": ""}


def _json(method: str, target: str, value: object, *headers: tuple[str, str]) -> Probe:
    return Probe(method, target, (JSON, *headers), json.dumps(value).encode())


def _log_in(username: str) -> Probe:
    return _json("POST", "/api/login", {"username": username, "password": PASSWORD})._replace(teaches=("token",))


def _form(target: str, fields: dict[str, str], *teaches: str) -> Probe:
    """Return a form as a browser sends it, with what the page before it brought."""
    body = urlencode(fields).encode() + b"&csrf={csrf}"
    return Probe("POST", target, (FORM, COOKIE), body.removeprefix(b"&"), teaches)


def probes(users: int) -> list[Probe]:
    """Return the probes for a database that was seeded with so many users, at least 20."""
    return [*_reading(), *_refused(), *_member(), *_administrator(f"/api/users/{users + 1}"), *_pages()]


def _reading() -> list[Probe]:
    return [
        Probe("GET", "/healthz"),
        Probe("GET", "/readyz"),
        Probe("GET", "/api/add?a=5&b=6"),
        Probe("GET", "/api/add?a=-9223372036854775808&b=%2B1"),
        Probe("GET", "/api/add?a=x"),
        Probe("GET", "/api/add?a=1&a=2&b=3"),
        Probe("GET", "/api/users/7"),
        Probe("HEAD", "/api/users/7"),
        Probe("GET", "/api/users/7", (("If-None-Match", '"1"'),)),
        Probe("GET", "/api/users/0"),
        Probe("GET", f"/api/users/{'9' * 5000}"),
        Probe("GET", "/api/users/7/"),
        Probe("GET", "/api/users"),
        Probe("GET", "/api/users?after=5&limit=3&q=user"),
        Probe("GET", "/api/users?limit=0&sort=up"),
        Probe("GET", "/api/users/7/news"),
        Probe("GET", "/api/users/999999999/news"),
        Probe("GET", "/api/users/7/feed?sources=3"),
        Probe("GET", "/api/users/7/feed?sources=21"),
        Probe("GET", "/"),
        Probe("GET", "/users"),
        Probe("GET", "/users?after=5&limit=5&q=user0"),
        Probe("GET", "/users?limit=x"),
        Probe("GET", "/users/7"),
        Probe("GET", "/users/999999999"),
        Probe("GET", "/nothing/here"),
        Probe("GET", "/api/nothing"),
        Probe("GET", "/%FF"),
        Probe("OPTIONS", "/api/users/7"),
        Probe("DELETE", "/api/users"),
        Probe("POST", "/users"),
        Probe("GET", "/static/style.css"),
    ]


def _refused() -> list[Probe]:
    """Nobody is logged in, nor lets these in."""
    return [
        Probe("GET", "/api/me"),
        Probe("GET", "/api/me", (("Authorization", "Bearer nonsense"),)),
        Probe("POST", "/api/logout"),
        _json("POST", "/api/users", NEW),
        _json("PATCH", "/api/users/7", {"age": 34}, ("Authorization", "Bearer nonsense")),
        Probe("DELETE", "/api/users/7"),
        Probe("GET", "/api/login"),
        Probe("POST", "/api/login", (JSON,), b"{"),
        _json("POST", "/api/login", {"username": ADMIN, "more": 1}),
        _json("POST", "/api/login", {"username": ADMIN, "password": PASSWORD + "!"}),
        _json("POST", "/api/login", {"username": "nobody", "password": PASSWORD}),
    ]


def _member() -> list[Probe]:
    """One who may change only themselves."""
    return [
        _log_in("user0000007"),
        Probe("GET", "/api/me", (TOKEN,)),
        _json("POST", "/api/users", NEW, TOKEN),
        _json("PATCH", "/api/users/8", {"age": 34}, TOKEN),
        _json("PATCH", "/api/users/7", {"age": 34}, TOKEN, ("If-Match", '"9"')),
        _json("PATCH", "/api/users/7", {"age": 34}, TOKEN),
        Probe("POST", "/api/logout", (TOKEN,)),
        Probe("GET", "/api/me", (TOKEN,)),
    ]


def _administrator(mine: str) -> list[Probe]:
    """One who may change everybody; `mine` is where the next user will be."""
    return [
        _log_in(ADMIN),
        Probe("GET", "/api/me", (TOKEN,)),
        Probe("POST", "/api/users", (JSON, TOKEN), b"{"),
        Probe("POST", "/api/users", (("Content-Type", "text/plain"), TOKEN), b"{}"),
        _json("POST", "/api/users", {"username": "", "email": "x", "age": 999, "more": 1}, TOKEN),
        _json("POST", "/api/users", {**NEW, "username": ADMIN}, TOKEN),
        _json("POST", "/api/users", NEW, TOKEN),
        Probe("GET", mine),
        _json("PUT", mine, CHANGED, TOKEN, ("If-Match", '"1"')),
        _json("PATCH", mine, {"age": 34}, TOKEN, ("If-Match", '"1"')),
        _json("PATCH", mine, {"age": 34}, TOKEN),
        Probe("DELETE", mine, (TOKEN, ("If-Match", '"2"'))),
        Probe("DELETE", mine, (TOKEN,)),
        Probe("GET", mine),
        Probe("DELETE", "/api/users/1", (TOKEN,)),
        Probe("POST", "/api/logout", (TOKEN,)),
        _json("POST", "/api/users", NEW, TOKEN),
    ]


def _pages() -> list[Probe]:
    """The pages with forms: for a stranger, who logs in, and out again."""
    for_members = ("/users/new", "/users/7/edit", "/users/7/delete", "/users/1/delete", "/users/999999999/edit")
    credentials = {"username": ADMIN, "password": PASSWORD, "next": "/users/new"}
    return [
        *(Probe("GET", target) for target in ("/register", "/logout", *for_members)),
        Probe("POST", "/login", (FORM,), urlencode(credentials).encode()),
        Probe("POST", "/users/new", (FORM,), urlencode(FILLED_IN).encode()),
        Probe("GET", "/login?next=/users/new", teaches=("session", "csrf")),
        _form("/login", {**credentials, "password": PASSWORD + "!"}),
        Probe("POST", "/login", (FORM, COOKIE, ("Origin", "http://example.org")), b"csrf={csrf}"),
        _form("/login", credentials, "session"),
        Probe("GET", "/users/new", (COOKIE,), teaches=("csrf",)),
        *(Probe("GET", target, (COOKIE,)) for target in ("/", "/users/7", "/login", "/logout", *for_members[1:])),
        _form("/users/new", {**FILLED_IN, "email": "x", "age": "y"}),
        _form("/users/new", FILLED_IN),
        _form("/logout", {}),
        Probe("GET", "/users/new", (COOKIE,)),
    ]
