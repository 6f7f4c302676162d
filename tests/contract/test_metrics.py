"""What is counted: exactly what was done, by all processes of a stack together, and nothing that a client makes up."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from secrets import token_hex

import pytest

from tandem.launch.running_stack import RunningStack
from tests.support.accounts import ADMIN
from tests.support.apps import APPS, in_process, settings_for
from tests.support.clients import Client, HttpClient
from tests.support.headers import FORM, JSON
from tests.support.metrics import Key, series
from tests.support.people import PASSWORD, Person, fresh, join, log_in, send
from tests.support.stacks import STACKS
from userdb import counts, errors, metrics, wire
from userdb.settings import from_environment
from wsgi_app import lab_routes
from wsgi_app.app import ROUTES


def counted(before: dict[Key, float], after: dict[Key, float], name: str) -> dict[Key, float]:
    """What has been added to the counts of one name."""
    grown = {key[1:]: value - before.get(key, 0) for key, value in after.items() if key[0] == name}
    return {key: value for key, value in grown.items() if value}


# What is asked, and how it is counted.
REQUESTS: list[tuple[str, str, str, int]] = [
    ("GET", "/healthz", "/healthz", 200),
    ("HEAD", "/healthz", "/healthz", 200),
    ("OPTIONS", "/api/users/7", "/api/users/{user_id}", 204),
    ("GET", "/api/users/7", "/api/users/{user_id}", 200),
    ("GET", "/api/users/8", "/api/users/{user_id}", 200),
    ("GET", "/api/users/99999999", "/api/users/{user_id}", 404),
    ("GET", "/api/users/x%2Fy", "none", 404),
    ("GET", "/api/users?limit=0", "/api/users", 422),
    ("POST", "/api/users", "/api/users", 401),
    ("PUT", "/api/users", "/api/users", 405),
    ("DELETE", "/login", "/login", 405),
    ("GET", "/users/7", "/users/{user_id}", 200),
    ("GET", "/users/7/edit", "/users/{user_id}/edit", 303),
    ("GET", "/users/new", "/users/new", 303),
    ("POST", "/logout", "/logout", 415),
    ("GET", "/nowhere", "none", 404),
    ("POST", "/nowhere", "none", 404),
    ("GET", "/", "/", 200),
]
ROUNDS = 4


def test_the_counts_are_what_was_asked(client: Client) -> None:
    before = series(client)
    for method, target, _, status in REQUESTS * ROUNDS:
        assert client.request(method, target).status == status
    after = series(client)
    expected = Counter((method, route, str(status)) for method, _, route, status in REQUESTS * ROUNDS)
    expected[("GET", "/metrics", "200")] += 1  # the first look itself
    assert counted(before, after, "http_requests_total") == expected
    times = Counter((method, route) for method, _, route, _ in REQUESTS * ROUNDS) + Counter({("GET", "/metrics"): 1})
    assert counted(before, after, "http_request_duration_seconds_count") == times
    longest = counted(before, after, "http_request_duration_seconds_bucket")
    assert {key[1:]: value for key, value in longest.items() if key[0] == "+Inf"} == times
    assert all(value > 0 for value in counted(before, after, "http_request_duration_seconds_sum").values())


def test_logins_are_counted_by_what_became_of_them(client: Client) -> None:
    member, person = join(client, PASSWORD), Person(client)
    before = series(client)
    assert [log_in(client, member.username, each).status for each in ("a", PASSWORD, "b", "c")] == [401, 200, 401, 401]
    assert log_in(client, fresh(), PASSWORD).status == 401
    assert person.fill("/login", username=member.username, password="wrong").status == 401
    assert person.fill("/login", username=member.username, password=PASSWORD).status == 303
    assert log_in(client, "a b", PASSWORD).status == 422  # no attempt
    assert Person(client).send("/login", {"username": member.username, "password": PASSWORD}).status == 403
    assert counted(before, series(client), "logins_total") == {("accepted",): 2, ("Unauthorized",): 5}


@pytest.mark.parametrize("app", APPS)
def test_logins_that_are_refused_are_counted(app: str, database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with in_process(app, settings_for(database, LOGIN_ATTEMPTS="2")) as client:
        before = series(client)
        assert [log_in(client, "nobody", "wrong").status for _ in range(5)] == [401, 401, 429, 429, 429]
        monkeypatch.setattr("userdb.statements.PAUSED", "no statement")
        assert log_in(client, "nobody", "wrong").status == 500
        found = counted(before, series(client), "logins_total")
    assert found == {("Unauthorized",): 2, ("Too Many Requests",): 3}


def test_what_a_client_makes_up_makes_no_series(client: Client) -> None:
    client.request("GET", "/nowhere")
    client.request("GET", "/users/0")
    client.request("BREW", "/nowhere")
    client.request("GET", "/metrics")
    before = series(client)
    for _ in range(5):
        name = token_hex(4)
        for path in (f"/{name}", f"/users/{name}", f"/nowhere?{name}={name}", f"/{name}?x=1"):
            assert client.request("GET", path, {f"X-{name}": name}).status == 404
        client.request(name.upper(), f"/{name}")
        log_in(client, name, name)
    after = series(client)
    made = {key for key in after.keys() - before.keys() if key[0] != "logins_total" and "/api/login" not in key}
    assert made == set()
    assert counted(before, after, "http_requests_total")[("GET", "none", "404")] == 15


def test_methods_and_routes_are_those_of_the_app(client: Client) -> None:
    before = series(client)
    for method, path in (
        ("BREW", "/"),
        ("TRACE", "/users"),
        ("GET", "//users"),
        ("GET", "/users%0A"),
        ("PATCH", "/users/"),
    ):
        client.request(method, path)
    after = series(client)
    assert {route for _, route, _ in counted(before, after, "http_requests_total")} <= ROUTES.keys() | {"none"}
    keys = [key for key in after if key[0] == "http_requests_total"]
    assert {method for _, method, _, _ in keys} <= metrics.METHODS | {"other"}
    # Whatever was asked before, too: other tests of this process ask the laboratory.
    assert {route for _, _, route, _ in keys} <= ROUTES.keys() | lab_routes.routes(from_environment({})).keys() | {
        "none"
    }


def test_every_stack_counts_strange_addresses_alike(stack: Callable[[str], RunningStack]) -> None:
    for target in ("//users", "/users%0A", "/users/7%0A", "/users/7/", "/api%2Fusers", "/login;x", "/./users"):
        found = []
        for name in STACKS:
            client = HttpClient("127.0.0.1", stack(name).port)
            before = series(client)
            client.request("GET", target)
            found.append(counted(before, series(client), "http_requests_total"))
        assert found[1:] == found[:1] * 2, target
        assert len(found[0]) == 2


def test_a_fault_of_ours_is_counted(app_client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> wire.Answer:
        raise RuntimeError("a fault")

    before = series(app_client)
    monkeypatch.setattr(wire, "healthy", broken)
    assert [app_client.request("GET", "/healthz").status for _ in range(3)] == [500] * 3
    assert counted(before, series(app_client), "http_requests_total") == {
        ("GET", "/healthz", "500"): 3,
        ("GET", "/metrics", "200"): 1,
    }


def test_a_busy_database_is_counted(app_client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(answer: object) -> wire.Answer:
        raise errors.Busy()

    before = series(app_client)
    monkeypatch.setattr(wire, "me", busy)
    assert app_client.request("GET", "/api/me", ADMIN).status == 503
    assert counted(before, series(app_client), "http_requests_total")[("GET", "/api/me", "503")] == 1


@pytest.mark.parametrize("name", STACKS)
def test_every_process_tells_the_same_sum(name: str, stack: Callable[[str], RunningStack]) -> None:
    """Any of them may be asked: between two looks the sum grows by the look before, whoever counted it."""
    running = stack(name)
    client = HttpClient("127.0.0.1", running.port)
    found = [series(client)[("http_requests_total", "GET", "/metrics", "200")] for _ in range(4 * running.processes)]
    assert [after - before for before, after in itertools.pairwise(found)] == [1] * (len(found) - 1)


def test_what_several_processes_have_done_at_once_is_one_sum(stack: Callable[[str], RunningStack]) -> None:
    running = stack("wsgi-sync")
    client = HttpClient("127.0.0.1", running.port)
    before, own_before = series(client), own(running)
    with ThreadPoolExecutor(9) as pool:  # each occupies a process for as long as the news take
        answers = list(pool.map(lambda _: client.request("GET", "/api/users/7/news"), range(9)))
    assert [answer.status for answer in answers] == [200] * 9
    key = ("GET", "/api/users/{user_id}/news", "200")
    assert counted(before, series(client), "http_requests_total")[key] == 9
    shares = [count - own_before.get(file, 0) for file, count in own(running).items()]
    assert sum(shares) == 9
    assert len([share for share in shares if share]) > 1


def own(running: RunningStack) -> dict[str, float]:
    """How often news were asked for, by each process of a stack: each has a file of its own."""
    environment = Path(f"/proc/{running.servers[0].pid}/environ").read_bytes().split(b"\0")
    [folder] = [each.partition(b"=")[2] for each in environment if each.startswith(b"PROMETHEUS_MULTIPROC_DIR=")]
    found = {}
    for file in Path(folder.decode()).glob("*.db"):
        found[file.name] = sum(sum(numbers[:-1]) for labels, numbers in counts.read(file) if "/news" in "".join(labels))
    return found


def test_counts_hold_no_names_and_no_secrets(client: Client) -> None:
    member = join(client, PASSWORD)
    log_in(client, member.username, PASSWORD)
    send(client, "PATCH", member.path, {"age": 1}, {**JSON, **ADMIN})
    client.request("POST", f"/users/{member.id}/edit", FORM, b"username=x")
    text = client.request("GET", "/metrics").body.decode()
    for told in (member.username, member.email, PASSWORD, f"/{member.id}"):
        assert told not in text
