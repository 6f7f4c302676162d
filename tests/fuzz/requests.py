"""Requests made from the description of the API and from the list of pages: valid, invalid, oddly encoded, long, missing."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from tests.fuzz import bodies, credentials
from tests.fuzz.bodies import Body
from tests.fuzz.step import Pairs, Step, written
from tests.fuzz.values import chance, mostly, odd_path, query, value
from userdb import openapi
from userdb.openapi import Operation, Parameter

NEXT = Parameter("next", "query", {"type": "string"}, "")
USER_FIELDS = ("username", "email", "age", "password")

FORMS = {
    "/register": USER_FIELDS,
    "/login": ("username", "password", "next"),
    "/logout": (),
    "/users/new": USER_FIELDS,
    "/users/{user_id}/edit": (*USER_FIELDS, "version"),
    "/users/{user_id}/delete": ("version",),
}
"""The fields of each page with a form."""


def _page(path: str, *parameters: Parameter, method: str = "GET") -> Operation:
    """A page, as if it stood in the description of the API."""
    return Operation(method=method, path=path, name="", summary="", parameters=parameters)


PAGES = (
    _page("/"), _page("/users", openapi.AFTER, openapi.LIMIT, openapi.SEARCH), _page("/users/{user_id}"), _page("/docs"),
    _page("/openapi.json"), _page("/metrics"), *(_page(path, *([NEXT] if path == "/login" else [])) for path in FORMS),
)  # fmt: skip
SENT = tuple(_page(path, method="POST") for path in FORMS)

OFTEN = {
    "create_user": 3, "replace_user": 3, "change_user": 4, "remove_user": 2, "read_user": 4, "list_users": 3, "me": 2,
    "add": 2,
}  # fmt: skip
"""How often an operation is asked for where once is the rule."""

CHOICES = [
    *(each for operation in openapi.OPERATIONS for each in [operation] * OFTEN.get(operation.name, 1)),
    *PAGES,
    *SENT,
]

ODD_PATHS = st.sampled_from(
    ["/api", "/api/nope", "/nope", "/users/", "//users", "/login/", "/users/new/", "/users/{user_id}/edit/", "/users/NEW",
     "/static/style.css", "/static/nope", "/static/../users", "/api/login/", "/api%2Flogin", "/users/{user_id}/nope", "/metrics/",
     "//api/users", "/users%0A", "/login%0A", "/api/me%0A", "/api/users/{user_id}%0A", "/api//users"]
)  # fmt: skip
METHODS = st.sampled_from(["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"])
HOSTS = mostly(
    st.just("localhost"),
    st.sampled_from(["localhost:8080", "LOCALHOST", "127.0.0.1", "[::1]", "localhost.", "evil.example", ""]), 12,
)  # fmt: skip
# No control characters: of a header with one both servers say 400 by themselves, each in its own words, and nginx can't look
# at every header.
EXTRAS: SearchStrategy[Pairs] = st.sampled_from(
    [("Accept", "text/html"), ("Accept-Encoding", "gzip, br"), ("Connection", "close"), ("Content-Encoding", "gzip"),
     ("Expect", "100-continue"), ("Forwarded", "proto=https"), ("If-Modified-Since", "Thu, 01 Jan 2026 00:00:00 GMT"),
     ("Range", "bytes=0-3"), ("X-Forwarded-Host", "evil.example"), ("X-Forwarded-Proto", "https"), ("X-Request-ID", "mine"),
     ("X-HTTP-Method-Override", "DELETE"), ("If-Match", '"1"'), ("If-None-Match", '"1"'), ("X-Odd", "é"),
     ("X-Odd", "\udcff"), ("X_Odd", "a"), ("X.Odd", "a"), ("X-Odd", "a" * 7000), ("Cookie", "a=b")]
).map(lambda pair: [pair])  # fmt: skip


@st.composite
def step(draw: DrawFn) -> Step:
    """One request, on a connection that stays open."""
    operation = draw(st.sampled_from(CHOICES))
    path = draw(ODD_PATHS) if chance(draw, 20) else operation.path
    method = draw(METHODS) if chance(draw, 20) else operation.method
    host = draw(HOSTS)
    user_id = draw(value(openapi.ID)).replace("?", "%3F").replace("#", "%23").replace(" ", "%20")
    headers: Pairs = [("Host", host), *draw(_conditions(operation))]
    body: Body = (None, b"")
    if path.startswith("/api"):
        headers += (
            draw(credentials.authorization(user_id if "{user_id}" in path else "1"))
            if operation.secured or chance(draw, 8)
            else []
        )
        if (method in ("POST", "PUT", "PATCH") and operation.body) or chance(draw, 20):
            body = draw(bodies.of_json(operation.body))
    elif method == "POST":
        who = draw(_sender(path, user_id))
        headers += (
            [("Cookie", f"session={{session:{who}}}")] if not chance(draw, 12) else draw(credentials.cookie(user_id))
        )
        headers += draw(credentials.origin(host))
        body = draw(bodies.of_form(path, FORMS.get(path, ()), who))
    elif not chance(draw, 3):
        headers += draw(credentials.cookie(user_id))
    headers += draw(EXTRAS) if chance(draw, 12) else []
    headers += [("Content-Type", body[0])] if body[0] is not None else []
    found = draw(query(operation.parameters))
    target = path.replace("{user_id}", user_id)
    target = (draw(odd_path(target)) if chance(draw, 20) else target) + (f"?{found}" if found else "")
    return Step(f"{method} {path}", written(method, target, headers, body[1], chunked=chance(draw, 6)))


@st.composite
def _conditions(draw: DrawFn, operation: Operation) -> Pairs:
    """The headers that the description knows, some of the time."""
    known = [each for each in operation.parameters if each.place == "header"]
    return [(each.name, draw(value(each))) for each in known if chance(draw, 3)]


def _sender(path: str, user_id: str) -> SearchStrategy[str]:
    """Whose session a form is sent with: mostly somebody's who may send it."""
    if path in ("/register", "/login"):
        return mostly(st.just("0"), st.sampled_from(["1", "2"]))
    own = user_id if user_id.isascii() and user_id.isdigit() and len(user_id) < 4 else "2"
    return mostly(
        st.sampled_from(["1", own]) if "{user_id}" in path else st.just("1"), st.sampled_from(["0", "2", "70000"])
    )
