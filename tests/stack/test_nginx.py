"""What nginx does by itself, in front of any stack."""

from __future__ import annotations

import gzip
import http.client
import json
import re
import socket
from collections.abc import Callable

import pytest

from tandem.launch.running_stack import RunningStack
from tandem.paths import PROJECT
from tests.support.answers import Answer
from tests.support.headers import JSON
from tests.support.raw import exchange, request
from userdb import nginx_errors


@pytest.fixture
def send(stack: Callable[[str], RunningStack]) -> Callable[[bytes], Answer]:
    """Sends bytes to one running stack."""
    port = stack("asgi").port
    return lambda data: exchange(port, data)


Send = Callable[[bytes], Answer]

BAD: list[tuple[str, bytes, int]] = [
    ("broken request line", b"GET\r\n\r\n", 400),
    ("two hosts", b"GET /api/users HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n", 400),
    ("no host", b"GET /api/users HTTP/1.1\r\n\r\n", 400),
    ("two lengths", b"POST /api/users HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400),
    ("length and chunks", b"POST /api/users HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    ("broken chunk", b"POST /api/users HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
    ("long line", request("GET", "/api/users?" + "a" * 9000), 414),
    ("large header", request("GET", "/api/users", {"X-Large": "a" * 9000}), 431),
    ("large body", request("POST", "/api/users", JSON, b"a" * 65_537), 413),
    ("unknown host", request("GET", "/api/users").replace(b"localhost", b"evil.example"), 421),
    ("unknown method", request("BREW", "/api/users"), 501),
]  # fmt: skip


@pytest.mark.parametrize(("what", "data", "status"), BAD, ids=[what for what, *_ in BAD])
def test_answers_errors_in_the_form_of_the_apps(send: Send, what: str, data: bytes, status: int) -> None:
    answer = send(data)
    assert answer.status == status
    assert answer.header("X-Request-ID")
    if answer.header("Content-Type") == "application/problem+json":
        found = json.loads(answer.body)
        assert (found["status"], found["request_id"]) == (status, answer.header("X-Request-ID"))
    else:
        assert answer.header("Content-Type") == "text/html; charset=utf-8"
        assert f"Error {status}, request {answer.header('X-Request-ID')}".encode() in answer.body


OPEN = b"HTTP/1.1\r\nHost: localhost\r\n"
LAST = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
FILE = b"GET /static/style.css " + OPEN

# What nginx answers by itself on a connection that is asked to stay open, each with its status.
ALONE: list[tuple[str, bytes, int]] = [
    ("another file", FILE + b'If-Match: "1"\r\n\r\n', 412),
    ("another file, head", b"HEAD /static/style.css " + OPEN + b'If-Match: "1"\r\n\r\n', 412),
    ("a file changed since", FILE + b"If-Unmodified-Since: Thu, 01 Jan 2015 00:00:00 GMT\r\n\r\n", 412),
    ("another file, a range", FILE + b'Range: bytes=0-3\r\nIf-Match: "1"\r\n\r\n', 412),
    ("no such range", FILE + b"Range: bytes=999999-\r\n\r\n", 416),
    ("no such range, head", b"HEAD /static/style.css " + OPEN + b"Range: bytes=999999-\r\n\r\n", 416),
    ("a range", FILE + b"Range: bytes=0-3\r\n\r\n", 206),
    ("a range of another file", FILE + b'Range: bytes=0-3\r\nIf-Range: "1"\r\n\r\n', 200),
    ("not modified", FILE + b"If-None-Match: *\r\n\r\n", 304),
    ("the folder", b"GET /static/ " + OPEN + b"\r\n", 404),
    ("no such file", b"GET /static/none " + OPEN + b"\r\n", 404),
    ("a file as a folder", b"GET /static/style.css/ " + OPEN + b"\r\n", 404),
    ("a name that is too long", b"GET /static/" + b"a" * 3000 + b" " + OPEN + b"\r\n", 404),
    ("a name with NUL", b"GET /static/%00 " + OPEN + b"\r\n", 400),
    ("options", b"OPTIONS /static/style.css " + OPEN + b"\r\n", 204),
    ("a file, post", b"POST /static/style.css " + OPEN + b"Content-Length: 2\r\n\r\n{}", 405),
    ("a file, large post", b"POST /static/style.css " + OPEN + b"Content-Length: 70000\r\n\r\n", 413),
    ("trace", b"TRACE / " + OPEN + b"\r\n", 501),
    ("connect", b"CONNECT localhost:80 " + OPEN + b"\r\n", 501),
    ("unknown method", b"BREW / " + OPEN + b"\r\n", 501),
    ("unknown coding", b"POST / " + OPEN + b"Transfer-Encoding: gzip\r\n\r\n", 501),
    ("unknown host", b"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n", 421),
    ("unknown version", b"GET / HTTP/3.0\r\nHost: localhost\r\n\r\n", 505),
    ("large body", b"POST /api/users " + OPEN + b"Content-Length: 70000\r\n\r\n", 413),
    ("long line", b"GET /" + b"a" * 9000 + b" " + OPEN + b"\r\n", 414),
    ("large header", b"GET / " + OPEN + b"X-Large: " + b"a" * 9000 + b"\r\n\r\n", 431),
    ("no host", b"GET / HTTP/1.1\r\n\r\n", 400),
    ("broken chunk", b"POST /api/users " + OPEN + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
]


@pytest.mark.parametrize(("what", "data", "status"), ALONE, ids=[what for what, *_ in ALONE])
def test_says_truly_whether_the_connection_stays_open(
    stack: Callable[[str], RunningStack], what: str, data: bytes, status: int
) -> None:
    """What it answers by itself has our form, every header once, and a next request is answered if it was said to be."""
    first, after = one_after_the_other(stack("asgi").port, data, LAST)
    assert first.status == status
    names = [name for name, _ in first.headers]
    assert len(names) == len(set(names)), names
    said = first.header("Connection")
    assert said in ("keep-alive", "close")
    assert after == (b"HTTP/1.1 200" if said == "keep-alive" else b"")
    if status >= 400:
        assert first.header("Content-Type") in ("text/html; charset=utf-8", "application/problem+json")
        assert first.header("Cache-Control") is None
        if not data.startswith(b"HEAD"):
            assert (first.header("X-Request-ID") or "nothing").encode() in first.body


def one_after_the_other(port: int, first: bytes, second: bytes) -> tuple[Answer, bytes]:
    """The answer to the first request, and how that to the second one on the same connection begins, if there is one."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(first)
        found = http.client.HTTPResponse(connection, method=first.partition(b" ")[0].decode())
        found.begin()
        answer = Answer(found.status, found.getheaders(), found.read(), found.reason)
        try:
            connection.sendall(second)
            return answer, connection.recv(12)
        except OSError:
            return answer, b""


def test_errors_elsewhere_are_pages(send: Send) -> None:
    answer = send(request("BREW", "/users"))
    assert (answer.status, answer.header("Content-Type")) == (501, "text/html; charset=utf-8")
    assert b"<h1>Not Implemented</h1>" in answer.body


def test_error_pages_are_up_to_date() -> None:
    assert (PROJECT / "nginx" / "userdb" / "errors.conf").read_text() == nginx_errors.configuration()


def test_every_answer_has_a_request_id_of_its_own(send: Send) -> None:
    ids = [send(request("GET", "/healthz", {"X-Request-ID": "mine"})).header("X-Request-ID") for _ in range(3)]
    assert len(set(ids)) == 3
    assert all(re.fullmatch("[0-9a-f]{32}", found or "") for found in ids)


def test_static_files_are_compressed_and_cacheable(send: Send) -> None:
    plain = send(request("GET", "/static/style.css"))
    packed = send(request("GET", "/static/style.css", {"Accept-Encoding": "gzip"}))
    assert (plain.status, plain.header("Content-Type")) == (200, "text/css")
    assert plain.header("Cache-Control") == "public, max-age=3600"
    assert packed.header("Content-Encoding") == "gzip"
    unchunked = b"".join(re.findall(rb"[0-9a-f]+\r\n(.+?)\r\n(?=[0-9a-f]+\r\n)", packed.body, re.DOTALL))
    assert gzip.decompress(unchunked) == plain.body
    tag = plain.header("ETag")
    assert send(request("GET", "/static/style.css", {"If-None-Match": tag or ""})).status == 304


def test_static_methods(send: Send) -> None:
    assert send(request("GET", "/static/none.css")).status == 404
    for method, status in (("OPTIONS", 204), ("POST", 405), ("DELETE", 405)):
        answer = send(request(method, "/static/style.css"))
        assert (answer.status, answer.header("Allow")) == (status, "GET, HEAD, OPTIONS"), method
    assert send(request("GET", "/static/../models.py")).status in (400, 404)
    assert send(request("GET", "/static/%2e%2e/models.py")).status in (400, 404)


def test_answers_of_the_app_are_not_compressed(send: Send) -> None:
    answer = send(request("GET", "/api/users/7", {"Accept-Encoding": "gzip"}))
    assert (answer.header("Content-Encoding"), answer.header("ETag")) == (None, '"1"')


def test_pages_allow_nothing_from_elsewhere(send: Send) -> None:
    answer = send(request("GET", "/"))
    assert "default-src 'self'" in (answer.header("Content-Security-Policy") or "")
    assert answer.header("X-Content-Type-Options") == "nosniff"
    assert not re.search(rb'(?:src|href)="(?:https?:)?//', answer.body)
