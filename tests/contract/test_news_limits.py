"""What the news service may take of an app: time and bytes are bounded in total, however it sends them."""

from __future__ import annotations

import gzip
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import trustme

from tests.support.apps import APPS, in_process, settings_for
from userdb.news import LARGEST_ANSWER

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
ITEMS = b'{"items": []}'
SPACE = b" " * 65_536
GOOD = OK + b"Content-Length: %d\r\n\r\n" % len(ITEMS) + ITEMS

NESTED = b'{"items": [], "more": ' + b"[" * 50_000 + b"]" * 50_000 + b"}"
"""Valid, and within the size of an answer."""

STEPS, STEP = 200, 0.1
"""Pieces of an answer that comes slowly, and the seconds between two of them: 20 s in all."""

AUTHORITY = trustme.CA()
"""Trusted by nobody but these tests."""

Send = Callable[[socket.socket, threading.Event], None]


def slowly(head: bytes, piece: bytes, tail: bytes) -> Send:
    """Sends a valid answer, piece by piece, each of them in time."""

    def send(connection: socket.socket, over: threading.Event) -> None:
        connection.sendall(head)
        for _ in range(STEPS):
            if over.wait(STEP):
                return
            connection.sendall(piece)
        connection.sendall(tail)

    return send


def at_once(*pieces: bytes) -> Send:
    """Sends all that, and closes the connection."""

    def send(connection: socket.socket, over: threading.Event) -> None:
        for piece in pieces:
            connection.sendall(piece)

    return send


LENGTH = b"Content-Length: %d\r\n\r\n"
BOMB = gzip.compress(ITEMS + SPACE * 500, mtime=0)

SLOW: dict[str, Send] = {
    "status line": slowly(b"HTTP/1.1 200 ", b"a", GOOD[15:]),
    "headers": slowly(OK + b"X-Slow: ", b"a", b"\r\n" + LENGTH % len(ITEMS) + ITEMS),
    "body": slowly(OK + LENGTH % (STEPS + len(ITEMS)), b" ", ITEMS),
    "chunks": slowly(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n", b"d\r\n" + ITEMS + b"\r\n0\r\n\r\n"),
    "body without a length": slowly(OK + b"\r\n", b" ", ITEMS),
}
"""Answers that are right in the end, which no request waits for."""

LARGE: dict[str, Send] = {
    "body": at_once(OK + LENGTH % (len(ITEMS) + 6400 * len(SPACE)), ITEMS, *[SPACE] * 6400),
    "chunk": at_once(OK + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % (6400 * len(SPACE)), *[SPACE] * 6400),
    "body without a length": at_once(OK + b"\r\n", ITEMS, *[SPACE] * 6400),
    "body, a little": at_once(OK + LENGTH % (LARGEST_ANSWER + 1), ITEMS, b" " * (LARGEST_ANSWER + 1 - len(ITEMS))),
    "compressed body": at_once(OK + b"Content-Encoding: gzip\r\n" + LENGTH % len(BOMB), BOMB),
    "compressed body, by another name": at_once(OK + b"Content-Encoding: x-gzip\r\n" + LENGTH % len(BOMB), BOMB),
    "header": at_once(OK + b"X-Large: " + b"a" * 2_000_000 + b"\r\n" + LENGTH % len(ITEMS) + ITEMS),
    "headers": at_once(OK + b"X-Many: a\r\n" * 200_000 + LENGTH % len(ITEMS) + ITEMS),
}
"""Answers that are right, and larger than they can be."""

BROKEN: dict[str, Send] = {
    "nothing": at_once(),
    "no HTTP": at_once(b"hello\r\n\r\n"),
    "half a head": at_once(OK),
    "half a body": at_once(OK + LENGTH % 100 + ITEMS),
    "half a chunk": at_once(OK + b"Transfer-Encoding: chunked\r\n\r\n" + b"ff\r\n" + ITEMS),
    "no chunk": at_once(OK + b"Transfer-Encoding: chunked\r\n\r\n" + b"zz\r\n" + ITEMS),
    "something nested too deeply": at_once(OK + LENGTH % len(NESTED) + NESTED),
    "a way to somewhere else": at_once(b"HTTP/1.1 302 Found\r\nLocation: /news\r\nContent-Length: 0\r\n\r\n"),
}
"""Answers that are none."""


@contextmanager
def service(first: Send, over_tls: bool = False, heard: list[bytes] | None = None) -> Iterator[str]:
    """A news service that sends its first answer in this way and then good ones; gives its URL, and notes what it heard."""
    over, sends = threading.Event(), [first]
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    AUTHORITY.issue_cert("127.0.0.1").configure_cert(tls)
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer(connection: socket.socket) -> None:
            asked = connection.recv(65_536)
            if heard is not None:
                heard.append(asked)
            (sends.pop() if sends else at_once(GOOD))(connection, over)

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection, suppress(OSError):  # the app may have gone
                    if over_tls:
                        with tls.wrap_socket(connection, server_side=True) as encrypted:
                            answer(encrypted)
                    else:
                        answer(connection)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"{'https' if over_tls else 'http'}://127.0.0.1:{server.getsockname()[1]}/news"
        finally:
            over.set()
            server.shutdown(socket.SHUT_RDWR)
            thread.join()


def statuses(app: str, database: Path, send: Send, target: str, over_tls: bool = False, **more: str) -> tuple[int, int]:
    """What comes of an answer, and of a good one after it over the same, only place."""
    with service(send, over_tls) as url:
        settings = settings_for(database, NEWS_URL=url, NEWS_CONNECTIONS="1", **more)
        with in_process(app, settings) as client:
            return client.request("GET", target).status, client.request("GET", "/api/users/8/news").status


@pytest.mark.parametrize("how", SLOW)
@pytest.mark.parametrize("app", APPS)
def test_time_is_bounded_in_total(app: str, database: Path, how: str) -> None:
    assert statuses(app, database, SLOW[how], "/api/users/7/news", NEWS_TIMEOUT="2") == (504, 200)


@pytest.mark.parametrize("app", APPS)
def test_the_time_of_a_feed_is_bounded_in_total(app: str, database: Path) -> None:
    found = statuses(app, database, SLOW["body"], "/api/users/7/feed?sources=1", NEWS_TIMEOUT="60", FEED_TIMEOUT="2")
    assert found == (504, 200)


@pytest.mark.parametrize("app", APPS)
def test_time_is_bounded_in_total_over_tls(
    app: str, database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    AUTHORITY.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    found = statuses(app, database, SLOW["body"], "/api/users/7/news", over_tls=True, NEWS_TIMEOUT="2")
    assert found == (504, 200)


@pytest.mark.parametrize("app", APPS)
def test_the_time_of_a_handshake_is_bounded(app: str, database: Path) -> None:
    with service(slowly(b"\x16\x03\x03\x3f\xff", b"\0", b"")) as url:  # a record of TLS that does not end
        settings = settings_for(database, NEWS_URL=url.replace("http", "https"), NEWS_TIMEOUT="2")
        with in_process(app, settings) as client:
            assert client.request("GET", "/api/users/7/news").status == 504


@pytest.mark.parametrize("app", APPS)
def test_a_certificate_that_nobody_trusts_is_a_failure_of_the_service(app: str, database: Path) -> None:
    assert statuses(app, database, at_once(GOOD), "/api/users/7/news", over_tls=True) == (502, 502)


@pytest.mark.parametrize("how", LARGE)
@pytest.mark.parametrize("app", APPS)
def test_size_is_bounded_in_total(app: str, database: Path, how: str) -> None:
    assert statuses(app, database, LARGE[how], "/api/users/7/news") == (502, 200)


AGAIN = {("wsgi", "nothing"), ("asgi", "nothing"), ("asgi", "half a head")}
"""Where an app asks once more: a kept connection may have ended while the question was on its way. aiohttp does so until it has
the whole head."""


@pytest.mark.parametrize("how", BROKEN)
@pytest.mark.parametrize("app", APPS)
def test_what_is_no_answer_is_a_failure_of_the_service(app: str, database: Path, how: str) -> None:
    expected = 200 if (app, how) in AGAIN else 502
    assert statuses(app, database, BROKEN[how], "/api/users/7/news") == (expected, 200)


@pytest.mark.parametrize("app", APPS)
def test_what_the_service_sets_for_one_question_is_none_of_anothers(app: str, database: Path) -> None:
    """A cookie of a host with a name, which clients keep that keep any."""
    heard: list[bytes] = []
    sets = at_once(OK + b"Set-Cookie: whose=ada; Path=/\r\nConnection: close\r\n" + LENGTH % len(ITEMS) + ITEMS)
    with service(sets, heard=heard) as url:
        settings = settings_for(database, NEWS_URL=url.replace("127.0.0.1", "localhost"))
        with in_process(app, settings) as client:
            assert [client.request("GET", f"/api/users/{number}/news").status for number in (7, 8)] == [200, 200]
    assert len(heard) == 2
    assert not [each for each in heard if b"cookie" in each.lower()]
