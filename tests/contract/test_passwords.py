"""Looking at passwords keeps CPUs busy: so many at once, so many wait, the next is told to come again, and nobody else waits."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from pathlib import Path

import pytest

from tests.support.accounts import ADMIN, DEVICES, account, bearer
from tests.support.answers import Answer
from tests.support.apps import APPS, in_process, settings_for
from tests.support.clients import Client
from tests.support.gate import Gate
from tests.support.people import Person, fresh, log_in, send
from tests.support.waiting import PATIENCE
from userdb import passwords

WORKERS, QUEUE = 1, 2
PLACES = WORKERS + QUEUE
CROWD = 12


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Gate:
    """Before passwords that are checked; hashes are made behind it, too."""
    found, hashed = Gate(), passwords.hashed

    def late(password: str) -> str:
        found.pass_through()
        return hashed(password)

    monkeypatch.setattr(passwords, "matches", found.pass_through)
    monkeypatch.setattr(passwords, "hashed", late)
    return found


@pytest.fixture(params=APPS)
def client(request: pytest.FixtureRequest, database: Path) -> Iterator[Client]:
    """Each app, with a short queue."""
    more = {"PASSWORD_WORKERS": str(WORKERS), "PASSWORD_QUEUE": str(QUEUE), "LOGIN_ATTEMPTS": "1000"}
    with in_process(request.param, settings_for(database, **more)) as client:
        yield client


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    """As many clients as a test needs."""
    with ThreadPoolExecutor(CROWD + 4) as found:
        yield found


def refused(answers: list[Future[Answer]], count: int) -> list[Future[Answer]]:
    """The first to be answered, so many of them: as long as the gate is shut, none but those that had no place."""
    found = list(itertools.islice(as_completed(answers, PATIENCE), count))
    assert all(is_told_to_come_again(answer.result()) for answer in found)
    return found


def is_told_to_come_again(answer: Answer) -> bool:
    """Whether it is the answer to one too many."""
    assert b"Too many are logging in." in answer.body
    return (answer.status, answer.header("Retry-After")) == (503, "1")


def crowd(pool: ThreadPoolExecutor, client: Client, count: int) -> list[Future[Answer]]:
    """So many logins at once, under a name each."""
    return [pool.submit(log_in, client, f"user{number:07}", "any") for number in range(2, count + 2)]


def wait_a_while(client: Client) -> None:
    """As long as other requests take that ask the database: whoever could come to the gate has come."""
    for _ in range(20):
        assert client.request("GET", "/readyz").status == 200


def test_who_is_one_too_many_is_told_at_once_and_the_others_get_in(
    client: Client, gate: Gate, pool: ThreadPoolExecutor
) -> None:
    answers = crowd(pool, client, CROWD)
    told = refused(answers, CROWD - PLACES)
    gate.wait_for(WORKERS)
    wait_a_while(client)
    assert gate.count == WORKERS
    gate.open()
    assert [answer.result().status for answer in answers if answer not in told] == [200] * PLACES
    assert (gate.count, gate.most_standing) == (PLACES, WORKERS)


@pytest.mark.parametrize("app", APPS)
@pytest.mark.parametrize("workers", [1, 3])
def test_so_many_are_looked_at_at_once_by_as_many_threads(
    app: str, workers: int, database: Path, gate: Gate, pool: ThreadPoolExecutor
) -> None:
    settings = settings_for(database, PASSWORD_WORKERS=str(workers), PASSWORD_QUEUE="20")
    with in_process(app, settings) as client:
        answers = crowd(pool, client, CROWD)
        gate.wait_for(workers)
        wait_a_while(client)
        assert gate.count == workers
        gate.open()
        assert [answer.result().status for answer in answers] == [200] * CROWD
    assert gate.most_standing == workers == len(gate.threads)  # each thread keeps what a hash took: 19 MiB


def test_a_place_is_free_again_however_it_was_left(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> bool:
        raise RuntimeError("a fault")

    for look, status in ((lambda *_: False, 401), (broken, 500), (lambda *_: True, 200)):
        monkeypatch.setattr(passwords, "matches", look)
        assert [log_in(client, "admin", "any").status for _ in range(2 * PLACES)] == [status] * 2 * PLACES


NEW = {"password": "battery staple"}


def new_user() -> dict[str, str]:
    """A user with a password, whom nobody knows yet."""
    name = fresh()
    return {"username": name, "email": f"{name}@example.org", **NEW}


def test_new_passwords_keep_no_login_out_and_logins_none_of_them(
    client: Client, gate: Gate, pool: ThreadPoolExecutor
) -> None:
    person = Person(client)
    form = person.open("/register").form("/register").fields
    changed = pool.submit(send, client, "PATCH", "/api/users/7", NEW, ADMIN)
    gate.wait_for(WORKERS)
    answers = crowd(pool, client, CROWD)
    told = refused(answers, CROWD - PLACES)
    too_many = [
        send(client, "POST", "/api/users", new_user(), ADMIN),
        send(client, "PATCH", "/api/users/8", NEW, bearer(8)),
    ]
    too_many.append(person.send("/register", {**form, **new_user()}).answer)
    assert all(b"Too many are setting passwords." in answer.body for answer in too_many)
    assert [(answer.status, answer.header("Retry-After")) for answer in too_many] == [(503, "1")] * 3
    assert is_told_to_come_again(person.fill("/login", username="admin", password="any").answer)
    without = {**new_user()}
    del without["password"]
    assert send(client, "POST", "/api/users", without, ADMIN).status == 201  # there is nothing to wait for
    gate.open()
    assert changed.result().status == 200
    assert [answer.result().status for answer in answers if answer not in told] == [200] * PLACES
    assert send(client, "PATCH", "/api/users/8", NEW, bearer(8)).status == 200  # the slot is free again


def test_a_device_that_is_known_has_a_slot_when_strangers_have_none(
    client: Client, gate: Gate, pool: ThreadPoolExecutor
) -> None:
    known = {"Cookie": DEVICES.cookie(None, account(9), "/", False)[1].partition(";")[0]}
    answers = crowd(pool, client, CROWD)
    told = refused(answers, CROWD - PLACES)
    own = {"username": "user0000009", "password": "any"}
    mine = pool.submit(send, client, "POST", "/api/login", own, known)
    wait_a_while(client)
    assert not mine.done()
    another = {"username": "user0000010", "password": "any"}
    assert is_told_to_come_again(send(client, "POST", "/api/login", another, known))  # it knows that one alone
    gate.open()
    assert mine.result().status == 200
    assert [answer.result().status for answer in answers if answer not in told] == [200] * PLACES


@pytest.mark.parametrize("app", APPS)
def test_an_account_has_a_share_of_the_slots(app: str, database: Path, gate: Gate, pool: ThreadPoolExecutor) -> None:
    """Of eight slots four are for new passwords, and two of these for whoever sets one."""
    with in_process(app, settings_for(database, PASSWORD_WORKERS="2", PASSWORD_QUEUE="6")) as client:
        greedy = [pool.submit(send, client, "PATCH", "/api/users/7", NEW, bearer(7)) for _ in range(CROWD)]
        told = list(itertools.islice(as_completed(greedy, PATIENCE), CROWD - 2))
        assert {answer.result().status for answer in told} == {503}
        others = [pool.submit(send, client, "PATCH", f"/api/users/{each}", NEW, bearer(each)) for each in (8, 9)]
        logins = crowd(pool, client, 2)
        wait_a_while(client)
        assert not any(answer.done() for answer in others + logins)
        gate.open()
        assert [answer.result().status for answer in others + logins] == [200] * 4
        # Of two changes at once one is made with a session that the other has ended.
        assert sorted(answer.result().status for answer in greedy if answer not in told) == [200, 401]


@pytest.mark.parametrize("app", APPS)
def test_a_name_has_a_share_of_the_slots(app: str, database: Path, gate: Gate, pool: ThreadPoolExecutor) -> None:
    """Of eight slots four: with a right password an account may log in as often as it likes."""
    with in_process(app, settings_for(database, PASSWORD_WORKERS="2", PASSWORD_QUEUE="6")) as client:
        greedy = [pool.submit(log_in, client, "user0000099", "any") for _ in range(CROWD)]
        told = refused(greedy, CROWD - 4)
        answers = crowd(pool, client, 4)
        wait_a_while(client)
        assert not any(answer.done() for answer in answers)
        gate.open()
        assert {answer.result().status for answer in [*answers, *greedy] if answer not in told} == {200}


HOPELESS: list[tuple[str, dict[str, str], dict[str, str], int]] = [
    ("/api/users/7", {"If-Match": '"99"'}, NEW, 412),
    ("/api/users/7", {"If-None-Match": "*"}, NEW, 412),
    ("/api/users/7", {}, {**NEW, "username": "admin"}, 409),
    ("/api/users/7", {}, {**NEW, "email": "user8@example.org"}, 409),
    ("/api/users/7", {}, {**NEW, "age": "old"}, 422),
    ("/api/users/8", {}, NEW, 403),
]


@pytest.mark.parametrize(("path", "headers", "value", "status"), HOPELESS)
def test_what_is_refused_is_refused_before_anything_is_hashed(
    client: Client, gate: Gate, path: str, headers: dict[str, str], value: dict[str, str], status: int
) -> None:
    """The gate is shut: whoever came to it would not be answered."""
    if "email" in value:
        value = {**value, "email": json.loads(client.request("GET", "/api/users/8").body)["email"]}
    assert send(client, "PATCH", path, value, bearer(7) | headers).status == status
    assert gate.count == 0


def test_nor_is_it_for_who_is_there_already_or_not_at_all(client: Client, gate: Gate) -> None:
    person = Person(client, 7)
    taken = {"username": "admin", "email": "new@example.org", **NEW}
    assert send(client, "POST", "/api/users", taken, ADMIN).status == 409
    assert send(client, "PUT", "/api/users/99999", taken, ADMIN).status == 404
    assert Person(client).fill("/register", **taken).status == 409
    assert person.fill("/users/7/edit", username="admin", **NEW).status == 409
    assert person.fill("/users/7/edit", version="99", **NEW).status == 412
    assert gate.count == 0


def test_nobody_else_waits(client: Client, gate: Gate, pool: ThreadPoolExecutor) -> None:
    """Were the event loop or a lock held while a password is hashed, the gate would open too late for it."""
    waiting = crowd(pool, client, PLACES)
    gate.wait_for(WORKERS)
    for path in ("/healthz", "/readyz", "/api/users/7", "/users", "/login", "/metrics"):
        assert client.request("GET", path).status == 200
    assert send(client, "PATCH", "/api/users/7", {"age": 5}, ADMIN).status == 200  # nor is a transaction open
    assert not any(answer.done() for answer in waiting)
    gate.open()
    assert [answer.result().status for answer in waiting] == [200] * PLACES
