"""A request as bytes: what is always sent, what the request's own headers change of it, and what is none."""

from __future__ import annotations

import pytest

from openloop.message import Messages

MESSAGES = Messages("http://name:word@[::1]:81")
FIRST, LAST, HOST = b"User-Agent: openloop\r\n", b"Accept-Encoding: gzip, deflate\r\n", b"Host: [::1]:81\r\n"


def test_what_is_always_sent() -> None:
    assert (
        MESSAGES.message("GET", "/a?b=%20", None, None) == b"GET /a?b=%20 HTTP/1.1\r\n" + FIRST + LAST + HOST + b"\r\n"
    )


def test_headers_of_its_own() -> None:
    mine = {"If-Match": '"1"', "accept-encoding": "identity"}
    lines = b'If-Match: "1"\r\naccept-encoding: identity\r\n'
    assert MESSAGES.message("DELETE", "/a", mine, None) == b"DELETE /a HTTP/1.1\r\n" + FIRST + lines + HOST + b"\r\n"
    found = MESSAGES.message("GET", "/a", {"USER-AGENT": "me"}, None)
    assert found == b"GET /a HTTP/1.1\r\nUSER-AGENT: me\r\n" + LAST + HOST + b"\r\n"


def test_a_body() -> None:
    json = b"Content-Type: application/json\r\nAccept: application/json\r\n"
    head = b"POST /a HTTP/1.1\r\n" + FIRST + LAST + json + HOST
    assert MESSAGES.message("POST", "/a", None, {"a": "ä"}) == head + b'Content-Length: 15\r\n\r\n{"a": "\\u00e4"}'
    none = b"POST /a HTTP/1.1\r\n" + FIRST + LAST + HOST + b"Content-Length: 0\r\n\r\n"
    assert MESSAGES.message("POST", "/a", None, None) == none
    found = MESSAGES.message("PATCH", "/a", {"content-type": "application/merge-patch+json"}, {})
    assert found.count(b"ontent-") == 2
    assert found.endswith(b"Content-Length: 2\r\n\r\n{}")
    form = {"Content-Type": "multipart/form-data; boundary=a"}
    found = MESSAGES.message("POST", "/a", form, b"--a\r\n\xff")
    assert found.count(b"Content-Type: ") == 1
    assert found.endswith(b"Content-Length: 6\r\n\r\n--a\r\n\xff")


@pytest.mark.parametrize(
    ("path", "headers"), [("/a b", {}), ("a", {}), ("/\r\nX: y", {}), ("/", {"a": "b\r\nX: y"}), ("/", {"a": "b\nX"})]
)
def test_what_is_no_request_or_several(path: str, headers: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"path|lines"):
        MESSAGES.message("GET", path, headers, None)
