"""What deploy/nginx/ adds to the one configuration: a real nginx in front of toy servers, asked for each of it."""

from __future__ import annotations

import http.client
import json
import re
import socket
import ssl
import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from tests.deploy.front import PARTS, STRANGER, Front
from tests.deploy.toys import Toy
from tests.support.waiting import eventually, until


def test_metrics_need_a_password_and_the_app_doesn_t_see_it(front: Front, toy: Callable[[str], Toy]) -> None:
    hashed = subprocess.run(["openssl", "passwd", "-apr1", "secret"], capture_output=True, text=True, check=True).stdout
    (front.folder / "metrics.passwords").write_text(f"prometheus:{hashed}")
    front.use("server/metrics.conf", toys=(a := toy("a"),))
    refused = front.ask("/metrics")
    assert (refused.status, refused.header("WWW-Authenticate")) == (401, 'Basic realm="metrics"')
    assert front.ask("/metrics", Authorization="Basic cHJvbWV0aGV1czp3cm9uZw==").status == 401
    assert not a.asked
    assert front.told("/metrics", Authorization="Basic cHJvbWV0aGV1czpzZWNyZXQ=")["visitor"] == "nobody"
    assert front.told("/users")["server"] == "a"


def test_an_address_that_asks_too_often_is_refused_and_no_other(front: Front, toy: Callable[[str], Toy]) -> None:
    front.use("http/traffic.conf", toys=(toy("a"),))
    with socket.create_connection(("127.0.0.1", front.port), 30, (STRANGER, 0)) as connection:
        connection.sendall(b"GET /users HTTP/1.1\r\nHost: localhost\r\n\r\n" * 400 + b"GET / HTTP/1.0\r\n\r\n")
        text = connection.makefile("rb").read()
    statuses = re.findall(rb"HTTP/1.1 (\d+)", text)
    assert statuses[:40] == [b"200"] * 40
    assert b"429" in statuses
    assert b"Retry-After: 2" in text
    assert front.ask("/users").status == 200


def test_an_address_with_too_many_connections_is_refused(front: Front, toy: Callable[[str], Toy]) -> None:
    front.use("http/traffic.conf", "server/streams.conf", toys=(a := toy("a"),))
    source = "127.0.0.3"
    held = [socket.create_connection(("127.0.0.1", front.port), 30, (source, 0)) for _ in range(20)]
    for each in held:
        each.sendall(b"GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert eventually(lambda: a.asked["/api/events"] == 20)
    assert front.ask("/users", source=source).status == 429
    assert front.ask("/users").status == 200
    a.go.set()
    for each in held:
        each.close()
    assert eventually(lambda: front.ask("/users", source=source).status == 200)


def test_an_event_arrives_when_it_is_sent(front: Front, toy: Callable[[str], Toy]) -> None:
    front.use("server/streams.conf", toys=(a := toy("a"),))
    connection = http.client.HTTPConnection("localhost", front.port, timeout=30)
    connection.request("GET", "/api/events")
    answer = connection.getresponse()
    assert answer.read(18) == b"id: 1\ndata: first\n"
    assert not a.go.is_set()
    a.go.set()
    assert answer.read().endswith(b"data: second\n\n")
    connection.close()


def test_a_websocket_passes(front: Front, toy: Callable[[str], Toy]) -> None:
    front.use(toys=(toy("a"),))
    with socket.create_connection(("127.0.0.1", front.port), 30) as connection:
        connection.sendall(
            b"GET /api/events/ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
        )
        head = b""
        while b"\r\n\r\n" not in head:
            head += connection.recv(1000)
        assert head.startswith(b"HTTP/1.1 101 ")
        assert b"Upgrade: websocket\r\n" in head
        connection.sendall(b"0123456789")
        assert (head.partition(b"\r\n\r\n")[2] + connection.makefile("rb").read()).endswith(b"0123456789")


def requests_in(log: Path) -> list[dict[str, Any]]:
    """What is written of each request; nginx writes it once the answer has left."""
    return [json.loads(line) for line in log.read_text().splitlines() if '"path"' in line]


def test_each_request_is_a_line_without_its_query(front: Front, toy: Callable[[str], Toy]) -> None:
    front.use("http/requests.conf", toys=(toy("a"),))
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    targets = {"/users%1b%22?secret=1": f"00-{trace}-00f067aa0ba902b7-01", "/users": '"nonsense'}
    for target, parent in targets.items():
        front.ask(target, traceparent=parent)
    lines = until(partial(requests_in, front.folder / "log"), lambda written: len(written) >= len(targets))
    found = [(each["method"], each["path"], each["status"], each["trace_id"]) for each in lines]
    assert found == [("GET", "/users%1b%22", 200, trace), ("GET", "/users", 200, "")]
    assert all(each["seconds"] >= 0 and each["request_id"] and each["address"] == "127.0.0.1" for each in lines)


def test_urls_that_have_moved_are_told(front: Front, toy: Callable[[str], Toy]) -> None:
    front.use("server/rewrite.conf", toys=(toy("a"),))
    found = front.ask("/people?after=5", method="POST")
    assert (found.status, found.header("Location")) == (308, f"http://localhost:{front.port}/users?after=5")
    found = front.ask("/people/5")
    assert (found.status, found.header("Location")) == (301, f"http://localhost:{front.port}/users/5")
    assert front.ask("/people/ada").status == 404


def test_plain_http_is_sent_to_tls_and_told_to_stay(front: Front, toy: Callable[[str], Toy]) -> None:
    front.use("tls/listen.conf", "http/https.conf", "http/hsts.conf", toys=(toy("a"),))
    plain = http.client.HTTPConnection("127.0.0.1", front.plain_port, timeout=30)
    plain.request("POST", "/login?next=%2F", headers={"Host": "localhost"})
    answer = plain.getresponse()
    assert (answer.status, answer.getheader("Location")) == (308, "https://localhost/login?next=%2F")
    plain.close()
    context = ssl.create_default_context(cafile=str(front.folder / "tls" / "authority.pem"))
    encrypted = http.client.HTTPSConnection("localhost", front.port, timeout=30, context=context)
    encrypted.request("GET", "/users")
    answer = encrypted.getresponse()
    assert (answer.status, answer.getheader("Strict-Transport-Security")) == (200, "max-age=31536000")
    assert json.loads(answer.read())["headers"]["X-Forwarded-Proto"] == "https"
    encrypted.close()


def test_each_part_is_in_a_test_and_in_the_readme() -> None:
    parts = [str(each.relative_to(PARTS)) for kind in ("http", "server", "tls") for each in (PARTS / kind).iterdir()]
    upstreams = [each.stem for each in (PARTS / "upstream").iterdir()]
    here = "".join(each.read_text() for each in Path(__file__).parent.glob("test_nginx*.py"))
    readme = (PARTS / "README.md").read_text()
    assert [each for each in parts if f'"{each}"' not in here or f"`{each}`" not in readme] == []
    assert [each for each in upstreams if f'"{each}"' not in here or f"`upstream/{each}.conf`" not in readme] == []
