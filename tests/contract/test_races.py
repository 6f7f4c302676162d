"""What a write depends on may change while it waits: it is asked again where nothing can come between.

Each test holds the rows, changes them, and lets them go when the request has come that far: it was allowed when it began.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from time import sleep

import pytest

from tests.contract.places import ROUNDS, Place
from tests.support.accounts import SESSIONS
from tests.support.answers import Answer
from tests.support.clients import Client
from tests.support.people import (
    Member,
    bearer,
    fresh,
    join,
    send,
    somebody,
)

ON_ITS_WAY = 0.15
"""Seconds in which a request comes to the rows that are held; one that comes later is refused all the same."""


def session_id(member_header: dict[str, str]) -> str:
    """The id of the session in a header."""
    found = SESSIONS.of_bearer(member_header["Authorization"])
    assert found is not None
    return found.id


CHANGES: dict[str, tuple[str, int]] = {
    "removed": ("DELETE FROM users WHERE id = {id}", 401),
    "an administrator no longer": ("UPDATE users SET is_admin = false WHERE id = {id}", 403),
    "with another password": ("UPDATE users SET password_hash = 'another' WHERE id = {id}", 401),
    "logged out": ("INSERT INTO ended_sessions (id, expires) VALUES ('{session}', 9999999999)", 401),
}
WRITES: dict[str, Callable[[Client, Member, dict[str, str]], Answer]] = {
    "create": lambda client, _, header: send(client, "POST", "/api/users", user("race"), header),
    "replace": lambda client, other, header: send(client, "PUT", other.path, user("race"), header),
    "change": lambda client, other, header: send(client, "PATCH", other.path, {"age": 77}, header),
    "remove": lambda client, other, header: client.request("DELETE", other.path, header),
}


def user(prefix: str) -> dict[str, str]:
    """A user who is not there."""
    name = f"{prefix}-{fresh()}"
    return {"username": name, "email": f"{name}@example.org"}


@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize("change", CHANGES)
def test_whoever_writes_must_still_be_allowed_to(
    place: Place, pool: ThreadPoolExecutor, change: str, write: str
) -> None:
    author, other = place.administrator(), join(place.client)
    header = bearer(author)
    statement, status = CHANGES[change]
    before = count(place)
    with place.changed() as connection:
        connection.exec_driver_sql(f"UPDATE users SET age = 1 WHERE id = {author.id}")
        connection.exec_driver_sql(statement.format(id=author.id, session=session_id(header)))
        asked = pool.submit(WRITES[write], place.client, other, header)
        sleep(ON_ITS_WAY)
        assert not asked.done()
    assert asked.result().status == status
    assert b'"version":1' in place.client.request("GET", other.path).body
    assert count(place) == before - (change == "removed")


def count(place: Place) -> int:
    """How many users there are."""
    with place.changed() as connection:
        return int(connection.exec_driver_sql("SELECT count(*) FROM users").scalar_one())


@pytest.mark.parametrize("change", CHANGES)
def test_the_same_on_a_page(place: Place, pool: ThreadPoolExecutor, change: str) -> None:
    author, other = place.administrator(), join(place.client)
    person = somebody(place.client, author)
    paths = {"/users/new": user("race"), f"{other.page}/edit": {"age": "77"}, f"{other.page}/delete": {}}
    forms = {path: person.open(path).form(path).fields | fields for path, fields in paths.items()}
    statement, status = CHANGES[change]
    with place.changed() as connection:
        connection.exec_driver_sql(f"UPDATE users SET age = 1 WHERE id = {author.id}")
        connection.exec_driver_sql(statement.format(id=author.id, session=person.session.id))
        asked = {path: pool.submit(person.send, path, fields) for path, fields in forms.items()}
        sleep(ON_ITS_WAY)
    for path, page in asked.items():
        expected = (403, None) if status == 403 else (303, f"/login?next={path}")
        assert (page.result().status, page.result().location) == expected
    assert b'"version":1' in place.client.request("GET", other.path).body


def remove_each_other(first: Place, second: Client, pool: ThreadPoolExecutor, ids: Callable[[int], bool]) -> None:
    """Two administrators do, at once; of which the one or the other was there first."""
    for number in range(ROUNDS):
        pair = [first.administrator(), first.administrator()]
        one, other = pair if ids(number) else pair[::-1]
        with first.changed() as connection:
            connection.exec_driver_sql(f"UPDATE users SET age = 1 WHERE id IN ({one.id}, {other.id})")
            asked = [
                pool.submit(first.client.request, "DELETE", other.path, bearer(one)),
                pool.submit(second.request, "DELETE", one.path, bearer(other)),
            ]
            sleep(ON_ITS_WAY)
        assert sorted(answer.result().status for answer in asked) == [204, 401]
        assert [first.is_there(one), first.is_there(other)].count(True) == 1


def test_of_two_administrators_who_remove_each_other_one_is_left(place: Place, pool: ThreadPoolExecutor) -> None:
    remove_each_other(place, place.client, pool, lambda number: number % 2 == 0)


def test_whichever_app_they_ask(both: Place, pool: ThreadPoolExecutor) -> None:
    remove_each_other(both, both.clients[1], pool, lambda number: number % 2 == 0)


def test_of_many_who_remove_each_other_one_is_left(both: Place, pool: ThreadPoolExecutor) -> None:
    """Each the next one, in a ring: whoever is removed removes nobody after that."""
    ring = [both.administrator() for _ in range(6)]
    barrier = threading.Barrier(len(ring))

    def remove(number: int) -> int:
        barrier.wait()
        author, other = ring[number], ring[(number + 1) % len(ring)]
        return both.clients[number % 2].request("DELETE", other.path, bearer(author)).status

    statuses = list(pool.map(remove, range(len(ring))))
    assert set(statuses) <= {204, 401}
    assert [both.is_there(each) for each in ring].count(True) == len(ring) - statuses.count(204) >= 1
