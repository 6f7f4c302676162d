"""Bytes that no library would send, and the statuses that come back."""

from __future__ import annotations

from tests.support.accounts import ADMIN

HEAD = b"Host: localhost\r\n"
LAST = b"Host: localhost\r\nConnection: close\r\n"
JSON = b"Content-Type: application/json\r\nAuthorization: " + ADMIN["Authorization"].encode() + b"\r\n"

# What is sent, and the statuses of all answers that come back on the connection until it is closed.
EXCHANGES: dict[str, tuple[bytes, list[int]]] = {
    "pipelined": (
        b"GET /api/add?a=1&b=2 HTTP/1.1\r\n" + HEAD + b"\r\nGET /api/users/7 HTTP/1.1\r\n" + HEAD
        + b"\r\nGET /nope HTTP/1.1\r\n" + LAST + b"\r\n",
        [200, 200, 404],
    ),
    "pipelined after a body": (
        b"POST /api/users HTTP/1.1\r\n" + HEAD + JSON + b"Content-Length: 1\r\n\r\n{GET /healthz HTTP/1.1\r\n" + LAST
        + b"\r\n",
        [400, 200],
    ),
    "smuggled behind both lengths": (
        b"POST /api/users HTTP/1.1\r\n" + HEAD + JSON + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
        b"GET /healthz HTTP/1.1\r\n" + LAST + b"\r\n",
        [400],
    ),
    "chunked in a strange case": (
        b"POST /api/users HTTP/1.1\r\n" + LAST + JSON + b"Transfer-Encoding: cHuNkEd\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        [422],
    ),
    "another transfer coding": (
        b"POST /api/users HTTP/1.1\r\n" + LAST + JSON + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", [501],
    ),
    "a chunk that is longer than it says": (
        b"POST /api/users HTTP/1.1\r\n" + LAST + JSON + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{}\r\n0\r\n\r\n", [400],
    ),
    "a chunk of negative length": (
        b"POST /api/users HTTP/1.1\r\n" + LAST + JSON + b"Transfer-Encoding: chunked\r\n\r\n-1\r\n{}\r\n0\r\n\r\n", [400],
    ),
    "a chunk whose length is none": (
        b"POST /api/users HTTP/1.1\r\n" + LAST + JSON + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n", [400],
    ),
    "chunks without an end": (
        b"POST /api/users HTTP/1.1\r\n" + LAST + JSON + b"Transfer-Encoding: chunked\r\n\r\n" + (b"400\r\n" + b"a" * 1024 + b"\r\n") * 80,
        [413],
    ),
    "a trailer behind the chunks": (
        b"POST /api/users HTTP/1.1\r\n" + LAST + JSON + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nX-Late: a\r\n\r\n", [422],
    ),
    "two equal lengths": (b"POST /api/users HTTP/1.1\r\n" + LAST + JSON + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}", [400]),
    "two lengths": (b"POST /api/users HTTP/1.1\r\n" + LAST + JSON + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", [400]),
    "two hosts": (b"GET /healthz HTTP/1.1\r\nHost: evil.example\r\n" + LAST + b"\r\n", [400]),
    "a bare carriage return in a header": (b"GET /healthz HTTP/1.1\r\n" + LAST + b"X-Name: a\rb\r\n\r\n", [400]),
    "HTTP/1.0 on a connection that is kept": (
        b"GET /healthz HTTP/1.0\r\nHost: localhost\r\nConnection: keep-alive\r\n\r\nGET /healthz HTTP/1.0\r\nHost: localhost\r\n\r\n",
        [200, 200],
    ),
    "HTTP/1.0 with chunks": (
        b"POST /api/users HTTP/1.0\r\n" + LAST + JSON + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", [400],
    ),
    "a length that is none": (b"POST /api/users HTTP/1.1\r\n" + LAST + JSON + b"Content-Length: 2x\r\n\r\n{}", [400]),
    "a negative length": (b"POST /api/users HTTP/1.1\r\n" + LAST + JSON + b"Content-Length: -1\r\n\r\n{}", [400]),
    "two equal hosts": (b"GET /healthz HTTP/1.1\r\n" + HEAD + LAST + b"\r\n", [400]),
    "a host with a path": (b"GET /healthz HTTP/1.1\r\nHost: localhost/x\r\nConnection: close\r\n\r\n", [400]),
    "the whole URL": (b"GET http://localhost/api/add?a=1&b=2 HTTP/1.1\r\n" + LAST + b"\r\n", [200]),
    "the whole URL of another host": (b"GET http://evil.example/healthz HTTP/1.1\r\n" + LAST + b"\r\n", [421]),
    "bare line feeds": (b"GET /healthz HTTP/1.1\nHost: localhost\nConnection: close\n\n", [200]),
    "a folded header": (b"GET /healthz HTTP/1.1\r\n" + LAST + b"X-Long: a\r\n b\r\n\r\n", [400]),
    "a space before the colon": (b"GET /healthz HTTP/1.1\r\n" + LAST + b"X-Name : a\r\n\r\n", [400]),
    "NUL in a header": (b"GET /healthz HTTP/1.1\r\n" + LAST + b"X-Name: a\x00b\r\n\r\n", [400]),
    "a header of 70 KB": (b"GET /healthz HTTP/1.1\r\n" + LAST + b"X-Long: " + b"a" * 70_000 + b"\r\n\r\n", [431]),
    "a hundred headers": (
        b"GET /healthz?hundred HTTP/1.1\r\n" + LAST + b"".join(b"X-%d: a\r\n" % n for n in range(100)) + b"\r\n", [200],
    ),
    "a path of 5,000 digits": (b"GET /api/users/" + b"7" * 5000 + b" HTTP/1.1\r\n" + LAST + b"\r\n", [404]),
    "an encoded NUL": (b"GET /api/users/7%00 HTTP/1.1\r\n" + LAST + b"\r\n", [400]),
    "HTTP/1.0 without a host": (b"GET /healthz HTTP/1.0\r\n\r\n", [421]),
    "HTTP/2 as a version": (b"GET /healthz HTTP/2.0\r\n" + LAST + b"\r\n", [505]),
    "HTTP/0.9": (b"GET /healthz\r\n", []),
    "the preface of HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", [400]),
    "TLS": (b"\x16\x03\x01\x00\xc8\x01\x00\x00\xc4\x03\x03" + b"\x00" * 60, [400]),
    "a WebSocket that goes on after an event that is none": (
        b"GET /api/events/ws?last_event_id=x HTTP/1.1\r\n" + HEAD + b"Upgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\nGET /healthz HTTP/1.1\r\n" + LAST
        + b"\r\n",
        [422, 200],
    ),
    "an expectation": (
        b"POST /api/users HTTP/1.1\r\n" + LAST + JSON + b"Expect: 100-continue\r\nContent-Length: 2\r\n\r\n{}", [100, 422],
    ),
}  # fmt: skip
