"""The cache of pages for strangers that deploy/nginx/ adds, asked of a real nginx in front of a toy server."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable

import pytest

from tests.deploy.front import PARTS, STRANGER, Front
from tests.deploy.toys import Toy
from tests.support.waiting import eventually, until
from userdb import sessions

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


def test_the_cookie_by_which_a_visitor_is_known_is_the_apps_own() -> None:
    assert f"$cookie_{sessions.COOKIE}$http_authorization" in (PARTS / "http" / "cache.conf").read_text()
