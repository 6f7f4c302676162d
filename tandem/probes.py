"""Probes: the requests that every stack of a run must answer alike, byte for byte, before it is loaded.

They go out in this order to a freshly restored database, so that writes among them find the same state everywhere.
"""

from __future__ import annotations

import json
from typing import NamedTuple


class Probe(NamedTuple):
    """One request, as its bytes on the wire will say it."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    def __str__(self) -> str:
        return f"{self.method} {self.target}" + "".join(f" [{name}: {value}]" for name, value in self.headers)


JSON = ("Content-Type", "application/json")
NEW = {"username": "probe-1", "email": "Probe-1@example.org", "age": 33}
CHANGED = {"username": "probe-2", "email": "probe-2@example.org", "age": None}


def _json(method: str, target: str, value: object, *headers: tuple[str, str]) -> Probe:
    return Probe(method, target, (JSON, *headers), json.dumps(value).encode())


def probes(users: int) -> list[Probe]:
    """Return the probes for a database that was seeded with so many users, at least 20."""
    mine = f"/api/users/{users + 1}"
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
        Probe("POST", "/api/users", (JSON,), b"{"),
        Probe("POST", "/api/users", (("Content-Type", "text/plain"),), b"{}"),
        _json("POST", "/api/users", {"username": "", "email": "x", "age": 999, "more": 1}),
        _json("POST", "/api/users", {**NEW, "username": "admin"}),
        _json("POST", "/api/users", NEW),
        Probe("GET", mine),
        _json("PUT", mine, CHANGED, ("If-Match", '"1"')),
        _json("PATCH", mine, {"age": 34}, ("If-Match", '"1"')),
        _json("PATCH", mine, {"age": 34}),
        Probe("DELETE", mine, (("If-Match", '"2"'),)),
        Probe("DELETE", mine),
        Probe("GET", mine),
    ]
