"""What deploy/nginx/ adds to the one configuration: a real nginx in front of toy servers, asked for each of it."""

from __future__ import annotations

import http.client
import json
import re
import socket
import ssl
import subprocess
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tandem.launch import tls
from tests.deploy.front import PARTS, Front
from tests.deploy.toys import Toy
from tests.support.waiting import eventually, until
from userdb import sessions

STRANGER = "127.0.0.2"
"""Another address of this machine: what is counted by address counts it apart."""


@pytest.fixture(scope="module")
def front(processes: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    found = Front(tmp_path_factory.mktemp("nginx") / "run")
    found.start()
    tls.kept(found.folder / "tls")
    yield found
    found.stop()


@pytest.fixture
def toy() -> Iterator[Callable[[str], Toy]]:
    """Starts toy servers."""
    running: list[Toy] = []

    def start(name: str) -> Toy:
        running.append(Toy(name))
        return running[-1]

    yield start
    for each in running:
        each.go.set()
        each.kill()


def answered(front: Front, requests: int) -> Counter[object]:
    """How many requests each server answered, and how many got no answer."""
    answers = [front.ask("/users") for _ in range(requests)]
    return Counter(json.loads(each.body)["server"] if each.status == 200 else each.status for each in answers)


def test_servers_take_turns(front: Front, toy: Callable[[str], Toy]) -> None:
    front.use(toys=(toy("a"), toy("b"), toy("c")), upstream="round-robin")
    assert answered(front, 12) == {"a": 4, "b": 4, "c": 4}


def test_weights_share_and_a_backup_waits(front: Front, toy: Callable[[str], Toy]) -> None:
    a, b, c = toy("a"), toy("b"), toy("c")
    front.use(toys=(a, b, c), upstream="weights")
    assert answered(front, 10) == {"a": 6, "b": 4}
    a.kill()
    b.kill()
    found = answered(front, 10)
    assert found == {502: 2, "c": 8}  # each failure is found once


def test_a_slow_server_gets_fewer_with_least_conn(front: Front, toy: Callable[[str], Toy]) -> None:
    a, b = toy("a"), toy("b")
    front.use(toys=(a, b), upstream="least-conn")
    waiting = [threading.Thread(target=front.ask, args=("/api/events",)) for _ in range(1)]
    for each in waiting:
        each.start()
    assert eventually(lambda: a.asked["/api/events"] + b.asked["/api/events"] == 1)
    busy, idle = (a, b) if a.asked["/api/events"] else (b, a)
    assert answered(front, 6) == {idle.name: 6}
    busy.go.set()
    for each in waiting:
        each.join()


def test_a_killed_server_costs_one_request_and_none_where_nginx_may_ask_the_next(
    front: Front, toy: Callable[[str], Toy]
) -> None:
    a, b, c = toy("a"), toy("b"), toy("c")
    front.use(toys=(a, b, c), upstream="health")
    b.kill()
    assert answered(front, 12)[502] == 1
    buffered = front.folder / "buffered.conf"
    buffered.write_text(buffered.read_text().replace("proxy_next_upstream off;", "proxy_next_upstream error;"))
    front.reload()
    found = answered(front, 12)
    assert set(found) == {"a", "c"}


def test_two_apps_share_a_port_by_url_and_by_host(front: Front, toy: Callable[[str], Toy]) -> None:
    front.use(
        "http/other.conf",
        "server/by-url.conf",
        "http/by-host.conf",
        toys=(toy("first"),),
        other=(second := toy("second")),
    )
    assert front.told("/users")["server"] == "first"
    by_url = front.told("/api/users/2?a=%2F", X_Forwarded_For="1.2.3.4")
    assert (by_url["server"], by_url["path"]) == ("second", "/api/users/2?a=%2F")
    assert front.told("/users", host="other.localhost")["server"] == "second"
    assert front.ask("/users", host="unknown.example").status == 421
    assert front.ask("/users", host="other.localhost", method="BREW").status == 501
    assert set(second.asked) == {"/api/users/2?a=%2F", "/users"}


def test_an_app_behind_a_url_is_told_no_more_than_the_first(front: Front, toy: Callable[[str], Toy]) -> None:
    front.use("http/other.conf", "server/by-url.conf", toys=(toy("first"),), other=toy("second"))
    told = [
        front.ask(target, **{"X-Forwarded-For": "1.2.3.4", "Forwarded": "for=1.2.3.4"})
        for target in ("/users", "/api/users/2")
    ]
    first, second = ({**json.loads(each.body)["headers"], "X-Request-ID": ""} for each in told)
    assert first == second
    assert first["X-Forwarded-For"] == "127.0.0.1"


CACHE = ("http/cache.conf", "server/cache.conf")


def test_strangers_share_an_answer_and_nobody_gets_a_private_one(front: Front, toy: Callable[[str], Toy]) -> None:
    a = toy("a")
    front.use(*CACHE, toys=(a,))
    known = front.ask("/users", Cookie="session=ada")
    assert json.loads(known.body)["visitor"] == "session=ada"
    strangers = [front.told("/users", source=address) for address in ("127.0.0.1", STRANGER)]
    assert [each["visitor"] for each in strangers] == ["nobody", "nobody"]
    for headers in ({"Cookie": "session=bob"}, {"Authorization": "Bearer cleo"}):
        answer = front.ask("/users", **headers)
        assert json.loads(answer.body)["visitor"] in ("session=bob", "Bearer cleo")
        assert answer.header("X-Cache") == "BYPASS"
    assert front.told("/users")["visitor"] == "nobody"


@pytest.mark.parametrize("target", ["/users/new", "/users/secret", "/metrics", "/healthz"])
def test_what_must_not_be_kept_is_asked_for_each_time(front: Front, toy: Callable[[str], Toy], target: str) -> None:
    front.use(*CACHE, toys=(a := toy("a"),))
    for _ in range(3):
        front.told(target)
    assert a.asked[target] == 3


def test_hosts_and_queries_are_kept_apart(front: Front, toy: Callable[[str], Toy]) -> None:
    front.use(*CACHE, toys=(a := toy("a"),))
    for target in ("/users?a=1", "/users?a=2"):
        assert front.told(target)["path"] == target
    front.told("/users?a=1", host="127.0.0.1")
    assert a.asked == {"/users?a=1": 2, "/users?a=2": 1}


def test_of_many_one_asks_the_app_and_what_is_old_is_given_while_it_does(
    front: Front, toy: Callable[[str], Toy]
) -> None:
    front.use(*CACHE, toys=(a := toy("a"),))
    many = [threading.Thread(target=front.ask, args=("/users/slow",)) for _ in range(8)]
    for each in many:
        each.start()
    for each in many:
        each.join()
    assert a.asked["/users/slow"] == 1
    old = until(lambda: front.ask("/users/slow"), lambda answer: answer.header("X-Cache") != "HIT")
    assert (old.header("X-Cache"), json.loads(old.body)["number"]) == ("STALE", 1)
    assert eventually(lambda: a.asked["/users/slow"] == 2)  # in the background
    a.kill()
    old = until(lambda: front.ask("/users/slow"), lambda answer: answer.header("X-Cache") != "HIT")
    assert (old.status, old.header("X-Cache")) == (200, "STALE")  # nobody is there


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
    front.use("server/streams.conf", toys=(toy("a"),))
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


def test_each_request_is_a_line_without_its_query(front: Front, toy: Callable[[str], Toy]) -> None:
    front.use("http/requests.conf", toys=(toy("a"),))
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    targets = {"/users%1b%22?secret=1": f"00-{trace}-00f067aa0ba902b7-01", "/users": '"nonsense'}
    for target, parent in targets.items():
        front.ask(target, traceparent=parent)
    lines = [json.loads(line) for line in (front.folder / "log").read_text().splitlines() if '"path"' in line]
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


def test_no_request_is_lost_while_nginx_reads_its_files_again(front: Front, toy: Callable[[str], Toy]) -> None:
    front.use(toys=(toy("a"), toy("b"), toy("c")))
    statuses: list[int] = []
    over = threading.Event()

    def ask() -> None:
        while not over.is_set():
            statuses.append(front.ask("/users").status)

    asking = [threading.Thread(target=ask) for _ in range(4)]
    for each in asking:
        each.start()
    for _ in range(3):
        front.reload()
    over.set()
    for each in asking:
        each.join()
    assert set(statuses) == {200}


def test_each_part_is_in_a_test_and_in_the_readme() -> None:
    parts = [str(each.relative_to(PARTS)) for kind in ("http", "server", "tls") for each in (PARTS / kind).iterdir()]
    upstreams = [each.stem for each in (PARTS / "upstream").iterdir()]
    here, readme = Path(__file__).read_text(), (PARTS / "README.md").read_text()
    assert [each for each in parts if f'"{each}"' not in here or f"`{each}`" not in readme] == []
    assert [each for each in upstreams if f'"{each}"' not in here or f"`upstream/{each}.conf`" not in readme] == []


def test_the_cookie_by_which_a_visitor_is_known_is_the_apps_own() -> None:
    assert f"$cookie_{sessions.COOKIE}$http_authorization" in (PARTS / "http" / "cache.conf").read_text()
