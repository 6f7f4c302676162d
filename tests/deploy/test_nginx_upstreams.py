"""What deploy/nginx/ adds where one app has several servers, or a port several apps: asked of a real nginx in front of toys."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable

from tests.deploy.front import Front
from tests.deploy.toys import Toy
from tests.support.waiting import eventually


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
