"""The proof that stacks give the same answers."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tandem import ports, sameness
from tandem.errors import RunFailed
from tandem.probes import Probe, probes

ANSWER = (
    b"HTTP/1.1 404 Not Found\r\nDate: Fri, 20 Nov 2026 22:03:58 GMT\r\nX-Request-ID: 47787790b2eebaa7eb96cb5accc336ba\r\n\r\n"
    b'{"type":"about:blank","request_id":"47787790b2eebaa7eb96cb5accc336ba"}'
)


@contextmanager
def server(answer: bytes) -> Iterator[tuple[int, list[bytes]]]:
    """Serve one connection with this answer, and keep what was asked."""
    asked: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            connection, _ = listening.accept()
            with connection:
                asked.append(connection.recv(65536))
                connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield listening.getsockname()[1], asked
        thread.join(10)


def test_a_probe_is_sent_as_written_and_every_byte_returned() -> None:
    probe = Probe("POST", "/api/users?a=%FF", (("Content-Type", "application/json"),), b"{}")
    with server(ANSWER) as (port, asked):
        assert sameness.exchange(port, probe) == ANSWER
    assert asked == [
        b"POST /api/users?a=%%FF HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Type: application/json\r\n"
        b"Connection: close\r\nContent-Length: 2\r\n\r\n{}" % port
    ]


def test_only_what_must_differ_is_masked() -> None:
    other = ANSWER.replace(b"47787790b2eebaa7eb96cb5accc336ba", b"5084112cecbe3753af24e0784074a1f3").replace(
        b":58 GMT", b":59 GMT"
    )
    assert sameness.masked(other) == sameness.masked(ANSWER)
    for old, new in [
        (b"404", b"405"),
        (b"Not Found", b"NOT FOUND"),
        (b"Date", b"date"),
        (b"about:blank", b"about: blank"),
    ]:
        assert sameness.masked(ANSWER.replace(old, new)) != sameness.masked(ANSWER)


def test_the_request_id_in_a_page_is_masked() -> None:
    page = b"HTTP/1.1 404 Not Found\r\nX-Request-ID: %s\r\n\r\n<p>request %s</p>"
    assert sameness.masked(page % (b"a" * 32, b"a" * 32)) == sameness.masked(page % (b"b" * 32, b"b" * 32))


def test_the_time_of_creation_is_masked_but_not_that_of_seeded_users() -> None:
    body = b'HTTP/1.1 200 OK\r\n\r\n{"created_at":"%s"}'
    assert sameness.masked(body % b"2026-11-20T01:00:00Z") == sameness.masked(body % b"2026-11-20T02:00:00Z")
    assert sameness.masked(body % b"2026-01-01T00:00:07Z") != sameness.masked(body % b"2026-01-01T00:00:08Z")


def test_a_difference_is_shown_as_a_diff_with_its_probe() -> None:
    asked = [Probe("GET", "/a"), Probe("GET", "/b", (("If-Match", '"1"'),))]
    found = sameness.difference(asked, "wsgi", [b"same", b"x\r\nETag: 1"], "asgi", [b"same", b"x\r\netag: 1"])
    assert found.splitlines() == [
        'GET /b [If-Match: "1"]', "--- wsgi", "+++ asgi", "@@ -1,2 +1,2 @@", " x", "-ETag: 1", "+etag: 1",
    ]  # fmt: skip
    assert sameness.difference(asked, "wsgi", [b"1", b"2"], "asgi", [b"1", b"2"]) == ""


def test_no_answer_is_a_failure() -> None:
    with pytest.raises(RunFailed, match="no answer to the probe GET /a"):
        sameness.answers(ports.free_port(), [Probe("GET", "/a")])
    with server(b"") as (port, _), pytest.raises(RunFailed, match="an empty answer to the probe GET /a"):
        sameness.answers(port, [Probe("GET", "/a")])


def test_the_probes_read_and_write_good_and_bad() -> None:
    asked = probes(100)
    assert len(asked) >= 30
    assert {probe.method for probe in asked} == {"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"}
    assert any(probe.target == "/api/users/101" for probe in asked)
    assert any(name == "If-None-Match" for probe in asked for name, _ in probe.headers)
