"""What the scenarios send, seen by a client that answers by itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Any, NamedTuple

import pytest

from tests.loadtest.conftest import Room

SCENARIOS = ["everyday", "read", "pages", "write", "waiting", "floor"]


class Sent(NamedTuple):
    method: str
    path: str
    route: str
    body: Any
    headers: Any


class FakeClient:
    """Keeps what it is asked for, and answers as a database that accepts everything would."""

    def __init__(self, random: Random, number: int = 0, users: int = 1000) -> None:
        self.random, self.number, self.users, self.run = random, number, users, "cafe"
        self.sent: list[Sent] = []
        self.created = 5000
        self.working = True

    def any_id(self) -> int:
        return self.random.randrange(1, self.users + 1)

    def ask(
        self, method: str, path: str, route: str, check: Callable[[Any], Any], *, body: Any = None, headers: Any = None
    ) -> Any:
        self.sent.append(Sent(method, path, route, body, headers))
        if not self.working:
            return None
        if method == "POST":
            self.created += 1
            return {"id": self.created, "created_at": "now", "version": 1, **body}
        if method in ("PATCH", "PUT"):
            version = int(headers["If-Match"].strip('"'))
            names = {"username": "kept", "email": "kept@example.org"}
            return {"id": int(path.rpartition("/")[2]), "created_at": "now", **names, **body, "version": version + 1}
        return {"id": 7, "version": 3} if route == "/api/users/{id}" and method == "GET" else None


def play(room: Room, scenario: str, key: str = "0", number: int = 0, length: int = 200) -> list[Sent]:
    plan = room.plan.Plan(scenario, key, 1.0, 1000, "cafe", False, ["here"])
    client = FakeClient(plan.random(number, "requests"), number)
    steps = room.scenarios.SCENARIOS[scenario](client)
    for count in range(1, length + 1):
        next(steps)
        assert len(client.sent) == count, "one step sends one request"
    return client.sent


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_requests_follow_from_key_scenario_and_number(scenario: str, room: Room) -> None:
    sent = play(room, scenario)
    assert play(room, scenario) == sent
    assert play(room, scenario, length=50) == sent[:50]
    if scenario != "floor":
        assert play(room, scenario, key="1") != sent
        assert play(room, scenario, number=1) != sent


def test_weights_of_everyday(room: Room) -> None:
    weights = room.everyday.WEIGHTS
    assert sum(weights.values()) == 100
    sent = play(room, "everyday", length=20_000)
    routes = Counter((sent.method, sent.route) for sent in sent)
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


def test_everyday_reads_again_what_it_read(room: Room) -> None:
    again = [sent for sent in play(room, "everyday") if "If-None-Match" in sent.route]
    assert again
    assert all(sent.path == "/api/users/7" and sent.headers == {"If-None-Match": '"3"'} for sent in again)


def test_the_life_of_a_user(room: Room) -> None:
    """Each is created, changed on the condition of its version, and removed; never two at a time."""
    sent = play(room, "write", length=400)
    assert [request.method for request in sent] == ["POST", "PATCH", "PUT", "DELETE"] * 100
    assert len({request.body["username"] for request in sent[::4]}) == 100
    for first in range(0, 400, 4):
        _, patch, put, delete = sent[first : first + 4]
        assert patch.path == put.path == delete.path
        assert [request.headers["If-Match"] for request in (patch, put, delete)] == ['"1"', '"2"', '"3"']


def test_a_user_of_unknown_state_is_left_alone(room: Room) -> None:
    """After a failed change its version is unknown: to go on would make failures of the scenario's own."""
    client = FakeClient(Random(1))
    steps = room.write.steps(client)
    next(steps)
    client.working = False
    next(steps)
    client.working = True
    next(steps)
    assert [sent.method for sent in client.sent] == ["POST", "PATCH", "POST"]
    assert client.sent[0].body["username"] != client.sent[2].body["username"]


@pytest.mark.parametrize("users", [1, 2, 19, 20, 21, 150, 1000])
def test_what_is_asked_for_exists(users: int, room: Room) -> None:
    """Ids and pages stay inside a database of any size, and a search knows all it must find."""
    client = FakeClient(Random(2), users=users)
    for _ in range(200):
        assert 1 <= client.any_id() <= users
        assert 0 <= room.pages.any_start(client) <= max(users - room.pages.LIMIT, 0)
        prefix, ids, following = room.pages.any_search(client, "/users")
        names = {user_id: "admin" if user_id == 1 else f"user{user_id:07d}" for user_id in range(1, users + 1)}
        found = [user_id for user_id, name in names.items() if name.startswith(prefix)]
        assert list(ids) == found[:20]
        assert following == (f"/users?after={found[19]}&limit=20&q={prefix}" if len(found) > 20 else None)


def test_user_numbers_are_given_once_and_without_gaps(room: Room) -> None:
    plan = room.plan.Plan("read", "0", 1.0, 9, "cafe", False, ["a", "b", "c"])
    numbers = [plan.user_number(worker, nth) for worker in "abc" for nth in range(4)]
    assert sorted(numbers) == list(range(12))
    assert plan.user_number("late", 0) not in numbers
