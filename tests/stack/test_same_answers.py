"""The same requests, good and bad, to every stack behind nginx on equal databases: the same status line, headers and bytes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tandem.launch.running_stack import RunningStack
from tests.support.accounts import ADMIN, ADMIN_JSON, SESSIONS, account, bearer
from tests.support.answers import Answer, mask
from tests.support.headers import FORM, JSON
from tests.support.raw import exchange, request
from tests.support.stacks import DIRECT, STACKS

COOKIE = {"Cookie": f"session={SESSIONS.token(SESSIONS.begin(account()))}"}
OWN_FORM = {**FORM, "Sec-Fetch-Site": "same-origin"}
SESSION = SESSIONS.begin(account())
SIGNED_FORM = {**OWN_FORM, "Cookie": f"session={SESSIONS.token(SESSION)}"}
CSRF = f"csrf={SESSIONS.csrf_token(SESSION)}&"

REQUESTS: dict[str, bytes] = {
    "health": request("GET", "/healthz"),
    "readiness": request("GET", "/readyz"),
    "add": request("GET", "/api/add?a=5&b=6"),
    "add, repeated": request("GET", "/api/add?a=5&a=6&b=1"),
    "add, nothing": request("GET", "/api/add"),
    "user": request("GET", "/api/users/7"),
    "user, head": request("HEAD", "/api/users/7"),
    "user, options": request("OPTIONS", "/api/users/7"),
    "user, post": request("POST", "/api/users/7", ADMIN_JSON, b"{}"),
    "user, not modified": request("GET", "/api/users/7", {"If-None-Match": '"1"'}),
    "user, id encoded": request("GET", "/api/users/%37"),
    "user, slash encoded": request("GET", "/api%2Fusers/7"),
    "user, id too long": request("GET", "/api/users/" + "9" * 5000),
    "user, id of other digits": request("GET", "/api/users/%D9%A7"),
    "user, query": request("GET", "/api/users/7?x"),
    "user, bytes that are no UTF-8": request("GET", "/api/users/%FF"),
    "user, path with a body": request("GET", "/api/users/7", {}, b"ignored"),
    "user, dots": request("GET", "/api/users/../users/7"),
    "user, unknown": request("GET", "/api/users/99999"),
    "two slashes": request("GET", "//users"),
    "two slashes within": request("GET", "/api//users"),
    "slash at the end": request("GET", "/api/users/"),
    "newline at the end": request("GET", "/users%0A"),
    "NUL": request("GET", "/users%00"),
    "broken percent": request("GET", "/users%zz"),
    "broken percent in the query": request("GET", "/api/users?q=%zz"),
    "query that is no UTF-8": request("GET", "/api/users?q=%C3"),
    "raw bytes in the path": b"GET /api/\xc3\xbc HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
    "feed": request("GET", "/api/users/7/feed?sources=20"),
    "feed, as many sources as usual": request("GET", "/api/users/7/feed"),
    "feed, too many sources": request("GET", "/api/users/7/feed?sources=21"),
    "feed, of nobody": request("GET", "/api/users/99999/feed"),
    "users": request("GET", "/api/users?limit=3"),
    "users, search": request("GET", "/api/users?limit=3&q=user00001&after_username=user0000101"),
    "users, no match": request("GET", "/api/users?q=%E2%82%AC"),
    "users, unknown parameter": request("GET", "/api/users?offset=3"),
    "page": request("GET", "/users?limit=3"),
    "page, search": request("GET", "/users?q=user&limit=2"),
    "page, cookies in two fields": request("GET", "/users?limit=3", COOKIE).replace(
        b"\r\n", b"\r\nCookie: theme=dark\r\n", 1
    ),
    "page, invalid": request("GET", "/users?limit=x"),
    "page, script": request("GET", "/users?q=%3Cscript%3E"),
    "page of a user": request("GET", "/users/7"),
    "page of nobody": request("GET", "/users/99999"),
    "home": request("GET", "/"),
    "docs": request("GET", "/docs"),
    "description": request("GET", "/openapi.json"),
    "description, query": request("GET", "/openapi.json?x=1"),
    "home, head": request("HEAD", "/"),
    "home, post": request("POST", "/", ADMIN_JSON, b"{}"),
    "unknown page": request("GET", "/nope"),
    "unknown in the API": request("GET", "/api/nope"),
    "news": request("GET", "/api/users/7/news"),
    "news of nobody": request("GET", "/api/users/99999/news"),
    "unknown method": request("BREW", "/api/users"),
    "trace": request("TRACE", "/"),
    "HTTP/1.0": b"GET /api/users/7 HTTP/1.0\r\nHost: localhost\r\n\r\n",
    "forged headers": request(
        "GET", "/api/users/7", {"X-Forwarded-Host": "evil", "Forwarded": "host=evil", "X-Request-ID": "evil"}
    ),
    "header with an underscore": request("GET", "/api/users/7", {"If_None_Match": '"1"'}),
    "condition twice": b'GET /api/users/7 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nIf-None-Match: "9"\r\nIf-None-Match: "1"\r\n\r\n',
    "large header": request("GET", "/healthz", {"X-Large": "a" * 8000}),
    "many headers": request("GET", "/healthz", {f"X-{number}": "a" for number in range(300)}),
    "long line": request("GET", "/healthz?" + "a" * 8100),
    "expect something": request("POST", "/api/users", {**ADMIN_JSON, "Expect": "miracle"}, b"{}"),
    "chunked": b"POST /api/users HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n"
    b"Transfer-Encoding: chunked\r\nAuthorization: "
    + ADMIN["Authorization"].encode()
    + b"\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    "create": request("POST", "/api/users", ADMIN_JSON, b'{"username":"zoe","email":"Zoe@Example.org","age":30}'),
    "create, name taken": request("POST", "/api/users", ADMIN_JSON, b'{"username":"zoe","email":"other@example.org"}'),
    "create, email taken": request("POST", "/api/users", ADMIN_JSON, b'{"username":"zoe2","email":"zoe@example.org"}'),
    "create, all wrong": request("POST", "/api/users", ADMIN_JSON, b'{"username":"","email":"","age":"x","more":1}'),
    "create, no ADMIN_JSON": request("POST", "/api/users", ADMIN_JSON, b"{"),
    "create, deep": request("POST", "/api/users", ADMIN_JSON, b'{"x":' + b"[" * 50_000),
    "create, NaN": request("POST", "/api/users", ADMIN_JSON, b'{"age":NaN}'),
    "create, lone surrogate": request("POST", "/api/users", ADMIN_JSON, b'{"username":"\\ud800"}'),
    "create, other type": request("POST", "/api/users", {**ADMIN, "Content-Type": "text/plain"}, b"{}"),
    "create, no type": request("POST", "/api/users", ADMIN, b"{}"),
    "create, empty": request("POST", "/api/users", ADMIN_JSON),
    "create, too large": request("POST", "/api/users", ADMIN_JSON, b"[" * 70_000),
    "change": request("PATCH", "/api/users/8", ADMIN_JSON, b'{"age":50}'),
    "change, stale": request("PATCH", "/api/users/8", {**ADMIN_JSON, "If-Match": '"1"'}, b'{"age":51}'),
    "change, fresh": request("PATCH", "/api/users/8", {**ADMIN_JSON, "If-Match": '"2"'}, b'{"age":52}'),
    "replace": request("PUT", "/api/users/8", ADMIN_JSON, b'{"username":"eight","email":"eight@example.org"}'),
    "remove": request("DELETE", "/api/users/8", ADMIN),
    "remove again": request("DELETE", "/api/users/8", ADMIN),
    "read what is removed": request("GET", "/api/users/8"),
    "who am I": request("GET", "/api/me", ADMIN),
    "who am I, unknown": request("GET", "/api/me"),
    "no token": request("DELETE", "/api/users/9"),
    "another one's token": request("DELETE", "/api/users/9", bearer(10)),
    "oneself": request("PATCH", "/api/users/9", {**JSON, **bearer(9)}, b'{"age":9}'),
    "the administrator himself": request("DELETE", "/api/users/1", ADMIN),
    "login, wrong": request("POST", "/api/login", ADMIN_JSON, b'{"username":"admin","password":"wrong"}'),
    "login, nobody": request("POST", "/api/login", ADMIN_JSON, b'{"username":"nobody","password":"wrong"}'),
    "login, invalid": request("POST", "/api/login", ADMIN_JSON, b'{"username":"no body"}'),
    "logout": request("POST", "/api/logout", bearer()),
    "logout, unknown": request("POST", "/api/logout"),
    "page, logged in": request("GET", "/users/7", COOKIE),
    "page of oneself": request("GET", "/users/1", COOKIE),
    "page, to log in": request("GET", "/login?next=/users/7", COOKIE),
    "page, to change": request("GET", "/users/7/edit", COOKIE),
    "page, to change without a login": request("GET", "/users/7/edit"),
    "page, changed": request(
        "POST", "/users/7/edit", SIGNED_FORM, f"{CSRF}username=seven&email=s@b&version=1".encode()
    ),
    "page, changed again": request(
        "POST", "/users/7/edit", SIGNED_FORM, f"{CSRF}username=7&email=s@b&version=1".encode()
    ),
    "page, wrong": request("POST", "/users/new", SIGNED_FORM, f"{CSRF}username=%3Cb%3E&email=x&age=old".encode()),
    "page, from elsewhere": request(
        "POST", "/users/new", {**SIGNED_FORM, "Sec-Fetch-Site": "cross-site"}, CSRF[:-1].encode()
    ),
    "page, without its token": request("POST", "/users/new", SIGNED_FORM, b"username=x&email=x@b"),
    "page, no form": request("POST", "/login", JSON, b"{}"),
    "page, to remove": request("GET", "/users/9/delete", COOKIE),
    "page, removed": request("POST", "/users/9/delete", SIGNED_FORM, f"{CSRF}version=2".encode()),
}

TWICE = {
    "Accept": "text/html", "Accept-Charset": "utf-8", "Accept-Encoding": "gzip", "Accept-Language": "en", "Age": "1",
    "Authorization": ADMIN["Authorization"], "Cache-Control": "no-cache", "Connection": "close", "Content-Encoding": "gzip",
    "Content-Language": "en", "Content-Length": "2", "Content-Location": "/", "Content-MD5": "a", "Content-Range": "bytes 0-1/2",
    "Content-Type": "application/json", "Cookie": COOKIE["Cookie"], "DNT": "1", "Date": "Thu, 01 Jan 2026 00:00:00 GMT",
    "Depth": "1", "Destination": "/", "Early-Data": "1", "ETag": '"1"', "Expect": "100-continue", "Forwarded": "host=a",
    "From": "a@b", "HTTP2-Settings": "a", "Host": "localhost", "Idempotency-Key": "a", "If-Match": '"1"',
    "If-Modified-Since": "Thu, 01 Jan 2026 00:00:00 GMT", "If-None-Match": '"1"', "If-Range": '"1"',
    "If-Unmodified-Since": "Thu, 01 Jan 2026 00:00:00 GMT", "Keep-Alive": "timeout=5", "Last-Event-ID": "1", "Max-Forwards": "1",
    "Origin": "http://localhost", "Overwrite": "T", "Pragma": "no-cache", "Prefer": "a", "Priority": "u=1",
    "Proxy-Authorization": "Basic a", "Proxy-Connection": "close", "Range": "bytes=0-1", "Referer": "http://localhost/",
    "Sec-Fetch-Dest": "document", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Site": "same-origin", "TE": "trailers",
    "Timeout": "1", "Trailer": "X-Late", "Transfer-Encoding": "chunked", "Upgrade": "websocket", "Upgrade-Insecure-Requests": "1",
    "User-Agent": "a", "Via": "1.1 a", "Warning": "199 a", "X-Forwarded-For": "1.2.3.4", "X-Forwarded-Host": "localhost",
    "X-Forwarded-Port": "80", "X-Forwarded-Prefix": "/a", "X-Forwarded-Proto": "https", "X-Forwarded-Protocol": "ssl",
    "X-Forwarded-Ssl": "on", "X-HTTP-Method-Override": "PUT", "X-Real-IP": "1.2.3.4", "X-Request-ID": "a",
    "X-Requested-With": "a", "Script-Name": "/a", "Path-Info": "/a", "Remote-User": "a", "Proxy": "a",
}  # fmt: skip
"""Every header of a request that means something to anybody, with a value that is valid."""


def twice(line: str, headers: dict[str, str], name: str, other: str, body: bytes) -> bytes:
    """A request that has a header twice, the second time with `other`."""
    lines = {"Host": "localhost", "Connection": "close", **headers, "Content-Length": str(len(body))}
    first = lines.pop(name, TWICE[name])
    told = [
        f"{line} HTTP/1.1",
        *(f"{key}: {value}" for key, value in lines.items()),
        f"{name}: {first}",
        f"{name}: {other}",
    ]
    return "\r\n".join(told).encode() + b"\r\n\r\n" + body


for _name, _value in TWICE.items():
    for _other in (_value, "other"):
        REQUESTS |= {
            f"{_name} twice, {_other}, API": twice("POST /api/users", ADMIN_JSON, _name, _other, b"{}"),
            f"{_name} twice, {_other}, form": twice(
                "POST /users/new", SIGNED_FORM, _name, _other, f"{CSRF}username=%3C".encode()
            ),
            f"{_name} twice, {_other}, read": twice("GET /users/7", {}, _name, _other, b""),
        }


@pytest.fixture(scope="module")
def answers(stack: Callable[[str], RunningStack], restore: Callable[[str], None]) -> dict[str, dict[str, Answer]]:
    """For each stack, on a database as it was seeded, the answer to every request, in their order."""
    ports = {name: stack(name).port for name in (*STACKS, *DIRECT)}
    found: dict[str, dict[str, Answer]] = {name: {} for name in ports}
    for name in ports:
        restore(name)
    for what, data in REQUESTS.items():  # of all at once: what is left of a session is compared
        for name, port in ports.items():
            found[name][what] = mask(exchange(port, data))
    for name in ports:
        restore(name)  # for other tests go on with it
    return found


@pytest.mark.parametrize("what", REQUESTS)
def test_every_stack_gives_the_same_answer(answers: dict[str, dict[str, Answer]], what: str) -> None:
    first, *others = (answers[name][what] for name in (*STACKS, *DIRECT))
    for other in others:
        assert other.is_like(first), (first, other)


def test_the_answers_are_what_was_meant(answers: dict[str, dict[str, Answer]]) -> None:
    expected = {
        "user": 200, "add, repeated": 422, "user, id too long": 404, "two slashes": 404, "NUL": 400, "unknown method": 501, "trace": 501,
        "HTTP/1.0": 200, "forged headers": 200, "header with an underscore": 200, "condition twice": 400, "large header": 200,
        "long line": 200, "many headers": 200, "chunked": 422, "create": 201, "create, name taken": 409, "create, too large": 413, "change, stale": 412,
        "change, fresh": 200, "remove": 204, "remove again": 404, "raw bytes in the path": 400, "broken percent in the query": 400,
        "user, options": 204, "news": 200, "home, post": 405, "create, deep": 400, "who am I": 200, "no token": 401,
        "another one's token": 403, "oneself": 200, "the administrator himself": 403, "login, wrong": 401, "login, nobody": 401,
        "login, invalid": 422, "logout": 204, "logout, unknown": 401, "page, to change": 200, "page, changed": 303,
        "page, changed again": 412, "page, wrong": 422, "page, from elsewhere": 403, "page, without its token": 403,
        "page, no form": 415, "page, to change without a login": 303, "page, removed": 303,
        "Content-Type twice, application/json, API": 400, "Content-Type twice, other, form": 400, "Host twice, localhost, read": 400,
        "If-Match twice, other, read": 400, "Accept twice, other, API": 422,
    }  # fmt: skip
    assert {what: answers["asgi"][what].status for what in expected} == expected
