"""What the scenarios ask for, arrival by arrival, without anybody who answers but this test."""

from __future__ import annotations

import csv
import json
import tomllib
from collections import Counter
from itertools import pairwise
from random import Random
from typing import Any

import pytest

from openloop.answer import Headers, Received
from openloop.factory import RequestFactory
from openloop.request import Request
from tests.loadtest.conftest import Room
from tests.loadtest.runs import LOADTEST

ROWS = tomllib.loads((LOADTEST / "scenarios.toml").read_text())
SCENARIOS = list(ROWS)


def answer(request: Any, created: int) -> dict[str, Any]:
    """The user, or how many, that a database which accepts everything would send back."""
    if isinstance(request.body, bytes):
        return {"imported": request.body.count(b"@")}
    if request.method == "POST":
        return {"id": created, "created_at": "now", "version": 1, **request.body}
    version = int(request.headers["If-Match"].strip('"'))
    names = {"username": "kept", "email": "kept@example.org"}
    return {
        "id": int(request.path.rpartition("/")[2]),
        "created_at": "now",
        **names,
        **request.body,
        "version": version + 1,
    }


def factory(room: Room, scenario: str, key: str = "0", names: str = "load-cafe-0") -> RequestFactory:
    """What makes the requests of one process that is logged in."""
    function, lifecycle = room.scenarios.function(scenario), room.lifecycle.UserLifecycle(names, "a token")
    return RequestFactory(scenario, key, lambda random: function(room.context.Context(random, 1000, lifecycle)))


def play(
    room: Room, scenario: str, *, key: str = "0", numbers: range = range(200), lag: int = 0, run: str = "cafe"
) -> list[Any]:
    """The requests of these arrivals; each is answered when `lag` more were sent."""
    requests = factory(room, scenario, key, f"load-{run}-0")
    sent: list[Any] = []
    waiting: list[Any] = []
    for number in numbers:
        sent.append(requests.request(number))
        waiting.append(sent[-1])
        if len(waiting) > lag:
            request = waiting.pop(0)
            if request.done is not None:
                request.done(answer(request, 5000 + number))
    return sent


def asked(requests: list[Any]) -> list[int]:
    return [request.asked for request in requests]


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_requests_follow_from_key_scenario_and_number(scenario: str, room: Room) -> None:
    numbers = range(600)
    sent = asked(play(room, scenario, numbers=numbers))
    assert 0 not in sent
    assert asked(play(room, scenario, numbers=numbers, lag=30, run="beef")) == sent, "neither speed nor run matter"
    assert asked(play(room, scenario, numbers=range(50))) == sent[:50]
    if ROWS[scenario]["users"] or ROWS[scenario]["login"]:  # others may ask for one and the same
        assert asked(play(room, scenario, numbers=numbers, key="1")) != sent
        assert len(set(sent)) > 100


def make(*what: Any, **more: Any) -> Request:
    return Request(what[0], what[1], what[2], lambda answer: None, *what[3:], **more)


def test_the_digest_tells_requests_apart() -> None:
    requests = [
        make("GET", "/a", "/"),
        make("POST", "/a", "/"),
        make("GET", "/b", "/"),
        make("GET", "/a", "/", {"age": 1}),
        make("GET", "/a", "/", {"age": 2}),
        make("GET", "/a", "/", headers={"If-None-Match": '"1"'}),
        make("GET", "/a", "/", plan="user 1"),
    ]
    assert len(set(asked(requests))) == len(requests)
    assert make("GET", "/a", "/another", plan="user 1").asked == requests[-1].asked
    assert make("GET", "/a", "/", deviates=True).asked == 0


def test_weights_of_everyday(room: Room) -> None:
    weights = room.everyday.WEIGHTS
    assert sum(weights.values()) == 100
    routes = Counter((sent.method, sent.route) for sent in play(room, "everyday", numbers=range(20_000)))
    expected = {
        ("GET", "/"): weights["home"],
        ("GET", "/users"): weights["users page"],
        ("GET", "/users?q="): weights["search page"],
        ("GET", "/users/{id}"): weights["user page"],
        ("GET", "/api/users/{id}"): weights["read"],
        ("GET", "/api/users/{id} (If-None-Match)"): weights["read again"],
        ("GET", "/api/users"): weights["list"],
        ("GET", "/api/users?q="): weights["search"],
        ("POST", "/api/users"): weights["write"] / 3,
        ("PATCH", "/api/users/{id}"): weights["write"] / 3,
        ("DELETE", "/api/users/{id}"): weights["write"] / 3,
    }
    assert set(routes) == set(expected)
    for route, weight in expected.items():
        assert routes[route] / 200 == pytest.approx(weight, abs=1.5), route


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_what_writes_users_is_done_by_whoever_is_logged_in(scenario: str, room: Room) -> None:
    """And its digest knows no token, which is another one in every run."""
    sent = play(room, scenario, numbers=range(600))
    for request in sent:
        writes = request.method != "GET" and scenario != "login"
        assert request.private_headers == ({"Authorization": "Bearer a token"} if writes else None)
        assert "Authorization" not in (request.headers or {})
    assert any(request.private_headers for request in sent) == ROWS[scenario]["login"]


def test_half_of_those_who_come_log_in(room: Room) -> None:
    sent = play(room, "login", numbers=range(4000))
    logins = [request.body for request in sent if request.method == "POST"]
    assert len(logins) / len(sent) == pytest.approx(0.5, abs=0.03)
    assert {(request.method, request.route) for request in sent} == {("POST", "/api/login"), ("GET", "/healthz")}
    known = {room.seeded.username(user_id) for user_id in range(1, 1001)}
    assert {login["username"] for login in logins} <= known
    assert {login["password"] for login in logins} == {room.seeded.PASSWORD}


def test_read_again_asks_for_users_that_nobody_changes(room: Room) -> None:
    again = [sent for sent in play(room, "everyday") if "If-None-Match" in sent.route]
    assert again
    assert all(1 <= int(sent.path.rpartition("/")[2]) <= 1000 for sent in again)
    assert all(sent.headers == {"If-None-Match": '"1"'} for sent in again)


@pytest.mark.parametrize("lag", [0, 159])
def test_lives_of_users(lag: int, room: Room) -> None:
    """Created, changed on the condition of the version, removed; and never two steps within 160 writes."""
    sent = play(room, "write", numbers=range(4000), lag=lag)
    kinds = ["POST", "PATCH", "PUT", "DELETE"]
    assert [request.method for request in sent[:160]] == ["POST"] * 160
    assert [request.method for request in sent[480:]] == kinds * 880
    names = [request.body["username"] for request in sent if request.method == "POST"]
    assert len(set(names)) == len(names)
    steps: dict[str, list[int]] = {}
    for number, request in enumerate(sent):
        if request.method != "POST":
            steps.setdefault(request.path, []).append(number)
    for numbers in steps.values():
        versions = [sent[number].headers["If-Match"] for number in numbers]
        assert versions == ['"1"', '"2"', '"3"'][: len(versions)]
        assert all(after - before == 161 for before, after in pairwise(numbers))
    removed = sum(request.method == "DELETE" for request in sent)
    assert len(names) - removed == 160, "what a run leaves behind"
    assert not any(request.deviates for request in sent)


def test_a_user_that_is_not_there_is_replaced(room: Room) -> None:
    """Where answers come too late or are wrong, the plan goes on with other users, and says that it deviates."""
    planned = play(room, "write", numbers=range(2000))
    late = play(room, "write", numbers=range(2000), lag=400)
    for one, other in zip(planned, late, strict=True):
        if other.deviates:
            assert (other.method, other.asked) == ("POST", 0)
            assert one.method != "POST"
        else:
            assert (other.method, other.asked) == (one.method, one.asked)
    assert sum(request.deviates for request in late) > 500
    requests = factory(room, "write")
    for number in range(2000):
        request = requests.request(number)
        assert request.method == "POST", "all failed, so there is nobody to change"
        if request.done is not None:
            request.done(None)


def imported(request: Any) -> list[list[str]]:
    """The lines of the file in a form."""
    form = request.body.decode().split("\r\n")
    assert [form[0], form[-2]] == ["--openloop", "--openloop--"]
    return list(csv.reader(form[4].splitlines(), strict=True))


def test_users_of_files_that_were_imported_are_looked_for(room: Room) -> None:
    """Any of them, ten files later; all names of a run are new, and a file with a missing answer isn't asked after."""
    sent = play(room, "import", numbers=range(3000))
    files = [request for request in sent if request.method == "POST"]
    assert len(files) / len(sent) == pytest.approx(0.03, abs=0.01)
    lines = [line for request in files for line in imported(request)[1:]]
    assert len({line[0] for line in lines}) == len(files) * 100 == len(lines)
    place = {line[0]: number // 100 for number, line in enumerate(lines)}
    found = [(number, request) for number, request in enumerate(sent) if "?q=" in request.path]
    assert len(found) > 50
    for number, request in found:
        before = sum(each.method == "POST" for each in sent[:number])
        assert place[request.path.partition("=")[2]] == before - 10
        username, email, age = lines[[line[0] for line in lines].index(request.path.partition("=")[2])]
        user = {"id": 5000, "username": username, "email": email, "age": int(age), "created_at": "now", "version": 1}
        body = json.dumps({"users": [user], "next": None}).encode()
        request.check(Received(200, Headers({b"content-type": b"application/json"}), body))
    requests = factory(room, "import")
    for number in range(3000):
        request = requests.request(number)
        assert "?q=" not in request.path, "all failed"
        assert request.deviates == (number in [each for each, _ in found])
        if request.done is not None:
            request.done(None)


@pytest.mark.parametrize("users", [1, 2, 19, 20, 21, 150, 1000])
def test_what_is_asked_for_exists(users: int, room: Room) -> None:
    """Ids and pages stay inside a database of any size, and a search knows all it must find."""
    random = Random(2)
    for _ in range(200):
        context = room.context.Context(random, users, None)
        assert 1 <= context.any_id() <= users
        assert 0 <= room.pages.any_start(context) <= max(users - room.pages.LIMIT, 0)
        prefix, ids, following = room.pages.any_search(context, "/users")
        names = {user_id: "admin" if user_id == 1 else f"user{user_id:07d}" for user_id in range(1, users + 1)}
        found = [user_id for user_id, name in names.items() if name.startswith(prefix)]
        assert list(ids) == found[:20]
        more = f"/users?after_username=user{found[19]:07d}&limit=20&q={prefix}" if len(found) > 20 else None
        assert following == more
