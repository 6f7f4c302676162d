"""Requests made from the description of the API and from the list of pages: valid, invalid, oddly encoded, long, missing."""

from __future__ import annotations

import re

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from tests.fuzz import bodies, credentials
from tests.fuzz.bodies import NO_BODY, Body
from tests.fuzz.step import Pairs, Step, written
from tests.fuzz.values import chance, mostly, odd_path, query, value
from userdb import operations, sockets
from userdb.operations import Operation, Parameter

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
    _page("/"), _page("/users", operations.AFTER, operations.LIMIT, operations.SEARCH), _page("/users/{user_id}"), _page("/docs"),
    _page("/openapi.json"), _page("/metrics"), *(_page(path, *([NEXT] if path == "/login" else [])) for path in FORMS),
)  # fmt: skip
SENT = tuple(_page(path, method="POST") for path in FORMS)

OFTEN = {
    "create_user": 3, "replace_user": 3, "change_user": 4, "remove_user": 2, "read_user": 4, "list_users": 3, "me": 2,
    "add": 2,
}  # fmt: skip
"""How often an operation is asked for where once is the rule."""

CHOICES = [
    *(each for operation in operations.OPERATIONS for each in [operation] * OFTEN.get(operation.name, 1)),
    *PAGES,
    *SENT,
]

ENDLESS = "/api/events"
"""What this sends has no end: it is asked only in ways that are refused."""

REFUSED = {f"GET {ENDLESS}", f"GET {sockets.PATH}"}
"""Operations that are never accepted here; a WebSocket is none of the requests that are made (tests/stack/test_sockets.py)."""

USER = re.compile(r"(?<=/users/)(?!(?:new|import|export\.csv)$)[^/]+")


def operation_of(request: bytes) -> str:
    """The method and the route of a request, as CHOICES name them; of what is no route, its path."""
    method, target, _ = request.split(b" ", 2)
    path = target.partition(b"?")[0].decode("latin-1")
    return f"{method.decode()} {USER.sub('{user_id}', path)}"


ODD_PATHS = st.sampled_from(
    ["/api", "/api/nope", "/nope", "/users/", "//users", "/login/", "/users/new/", "/users/{user_id}/edit/", "/users/NEW",
     "/static/../users", "/static/%2e%2e/users", "/api/login/", "/api%2Flogin", "/users/{user_id}/nope", "/metrics/",
     "//api/users", "/users%0A", "/login%0A", "/api/me%0A", "/api/users/{user_id}%0A", "/api//users"]
)  # fmt: skip
METHODS = st.sampled_from(["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"])
HOSTS = mostly(
    st.just("localhost"),
    st.sampled_from(["localhost:8080", "LOCALHOST", "127.0.0.1", "[::1]", "localhost.", "evil.example", ""]), 12,
)  # fmt: skip
EXTRAS: SearchStrategy[Pairs] = st.sampled_from(
    [("Accept", "text/html"), ("Accept-Encoding", "gzip, br"), ("Connection", "close"), ("Content-Encoding", "gzip"),
     ("Expect", "100-continue"), ("Forwarded", "proto=https"), ("If-Modified-Since", "Thu, 01 Jan 2026 00:00:00 GMT"),
     ("Range", "bytes=0-3"), ("X-Forwarded-Host", "evil.example"), ("X-Forwarded-Proto", "https"), ("X-Request-ID", "mine"),
     ("X-HTTP-Method-Override", "DELETE"), ("If-Match", '"1"'), ("If-None-Match", '"1"'), ("X-Odd", "é"),
     ("X-Odd", "\udcff"), ("X-Odd", "\x01"), ("If-Match", "\x7f"), ("X_Odd", "a"), ("X.Odd", "a"),
     ("X-Odd", "a" * 7000), ("Cookie", "a=b")]
).map(lambda pair: [pair])  # fmt: skip

FILES = ("style.css", "icon.svg", "docs.js", "style.css", "nope", "")
DATES = st.sampled_from(
    ["Thu, 01 Jan 2015 00:00:00 GMT", "Thu, 01 Jan 2099 00:00:00 GMT", "Thursday, 01-Jan-15 00:00:00 GMT", "yesterday", "0", ""]
)  # fmt: skip
FILE_TAGS = st.sampled_from(['"1"', "*", 'W/"1"', '"1", "2"', "1", "", '"', "{etag}"])
RANGES = st.sampled_from(
    ["bytes=0-3", "bytes=-5", "bytes=5-", "bytes=0-0,2-3", "bytes=99999999-", "bytes=-0", "bytes=3-1", "bytes=", "bytes=a-b",
     "lines=1-2", "bytes=0-,0-,0-", "bytes=-99999999999999999999", "bytes=0-1,99999999-"]
)  # fmt: skip
CONDITIONS = {
    "If-Match": FILE_TAGS, "If-None-Match": FILE_TAGS, "If-Modified-Since": DATES, "If-Unmodified-Since": DATES,
    "Range": RANGES, "If-Range": FILE_TAGS | DATES, "Accept-Encoding": st.sampled_from(["gzip", "identity", "br"]),
    "Expect": st.just("100-continue"), "Connection": st.sampled_from(["close", "keep-alive"]),
}  # fmt: skip
"""Headers on which it depends what comes of a static file."""


@st.composite
def file_step(draw: DrawFn) -> Step:
    """A static file, under conditions, on a connection that stays open."""
    method = draw(mostly(st.sampled_from(["GET", "HEAD"]), METHODS, 8))
    names = draw(st.lists(st.sampled_from(list(CONDITIONS)), max_size=3))
    headers = [("Host", "localhost"), *((name, draw(CONDITIONS[name])) for name in names)]
    target = f"/static/{draw(st.sampled_from(FILES))}"
    data = b"{}" if method in ("POST", "PUT") and chance(draw, 3) else b""
    return Step(f"{method} a static file", written(method, target, headers, data))


@st.composite
def step(draw: DrawFn) -> Step:
    """One request, on a connection that stays open."""
    return draw(file_step() if chance(draw, 15) else app_step())


@st.composite
def app_step(draw: DrawFn) -> Step:
    """One request to the app, mostly to what it has."""
    operation = draw(st.sampled_from(CHOICES))
    path = draw(ODD_PATHS) if chance(draw, 20) else operation.path
    method = draw(METHODS) if chance(draw, 20) else operation.method
    host, user_id = draw(HOSTS), draw(value(operations.ID)).replace("?", "%3F").replace("#", "%23").replace(" ", "%20")
    asks = _to_the_api if path.startswith("/api") else _by_form if method == "POST" else _for_a_page
    more, (content_type, data) = draw(asks(operation, method, path, user_id, host))
    headers: Pairs = [("Host", host), *draw(_conditions(operation)), *more, *(draw(EXTRAS) if chance(draw, 12) else [])]
    headers += [("Content-Type", content_type)] if content_type is not None else []
    headers += [("Last-Event-ID", "x")] if operation.path == ENDLESS else []
    target = path.replace("{user_id}", user_id)
    target = draw(odd_path(target)) if chance(draw, 20) else target
    found = draw(query(operation.parameters))
    target += f"?{found}" if found else ""
    return Step(f"{method} {path}", written(method, target, headers, data, chunked=chance(draw, 6)))


@st.composite
def _to_the_api(
    draw: DrawFn, operation: Operation, method: str, path: str, user_id: str, host: str
) -> tuple[Pairs, Body]:
    """A token where one is needed, and what the description says of the body."""
    whose = user_id if "{user_id}" in path else "1"
    headers = draw(credentials.authorization(whose)) if operation.secured or chance(draw, 8) else []
    if operation.upload and method == "POST":
        return headers, draw(bodies.of_upload())
    has_body = operation.body is not None and method in ("POST", "PUT", "PATCH")
    return headers, draw(bodies.of_json(operation.body)) if has_body or chance(draw, 20) else NO_BODY


@st.composite
def _by_form(draw: DrawFn, operation: Operation, method: str, path: str, user_id: str, host: str) -> tuple[Pairs, Body]:
    """The fields of a page's form, from a session that it belongs to."""
    who = draw(_sender(path, user_id))
    cookies = draw(credentials.cookie(user_id)) if chance(draw, 12) else [("Cookie", f"session={{session:{who}}}")]
    return [*cookies, *draw(credentials.origin(host))], draw(bodies.of_form(path, FORMS.get(path, ()), who))


@st.composite
def _for_a_page(
    draw: DrawFn, operation: Operation, method: str, path: str, user_id: str, host: str
) -> tuple[Pairs, Body]:
    """A session, mostly."""
    return [] if chance(draw, 3) else draw(credentials.cookie(user_id)), NO_BODY


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
