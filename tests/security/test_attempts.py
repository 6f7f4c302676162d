"""Guessing passwords: ten attempts under one name, then pauses that grow; for whoever guesses and not for whose account it is."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.support.answers import Answer
from tests.support.apps import APPS, STORES, cheap_passwords, in_process, settings_for
from tests.support.clients import Client
from tests.support.people import Person, fresh, log_in, send
from userdb import passwords
from userdb.attempts import MEMORY, TOGETHER, network

ATTEMPTS, WINDOW = 10, 900
"""What an app takes unless it is told otherwise: attempts, and seconds."""

PAUSES = [14, 28, 56, 112, 224, 448, 896]
"""Seconds after the tenth attempt, the eleventh, and so on."""

LONGEST_TOGETHER = 60
"""Seconds for which all addresses together wait at most."""

RIGHT = passwords.SEEDED
NAME = "user0000007"


class Looked:
    """Counts passwords that are verified; to verify one takes no time here."""

    def __init__(self) -> None:
        self.count, self.lock = 0, threading.Lock()

    def matches(self, password_hash: str | None, password: str) -> bool:
        with self.lock:
            self.count += 1
        return password_hash is not None and password == RIGHT


@pytest.fixture(autouse=True)
def looked(monkeypatch: pytest.MonkeyPatch) -> Looked:
    """How many passwords were verified."""
    found = Looked()
    monkeypatch.setattr(passwords, "matches", found.matches)
    return found


class Clock:
    """The time by which attempts are counted."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.9

    def time(self) -> float:
        return self.now


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Stands still unless a test moves it."""
    found = Clock()
    for app in APPS:
        for store in STORES:
            monkeypatch.setattr(f"{app}_app.stores.{store}.time", found.time)
    return found


def statuses(client: Client, name: str, password: str, times: int) -> list[int]:
    """What so many attempts come to."""
    return [log_in(client, name, password).status for _ in range(times)]


def seconds(answer: Answer) -> int:
    """After how long a refusal says to come again."""
    assert (answer.status, answer.header("Content-Type")) == (429, "application/problem+json")
    assert b"Too many attempts to log in under this name; try again later." in answer.body
    return int(answer.header("Retry-After") or "")


@pytest.mark.parametrize("name", [NAME, "nobody-of-this-name"])
def test_after_ten_wrong_ones_none_is_looked_at(app_client: Client, looked: Looked, name: str) -> None:
    assert statuses(app_client, name, "wrong", ATTEMPTS) == [401] * ATTEMPTS
    for password in ("wrong", RIGHT):
        assert seconds(log_in(app_client, name, password)) == PAUSES[0]
    assert looked.count == ATTEMPTS
    assert log_in(app_client, "user0000008", RIGHT).status == 200  # others are not concerned


def test_the_page_counts_with_the_api(app_client: Client, looked: Looked) -> None:
    person = Person(app_client)
    for _ in range(ATTEMPTS // 2):
        assert person.fill("/login", username=NAME, password="wrong").status == 401
        assert person.fill("/login", username=f" {NAME} ", password="wrong").status in (401, 429)
    page = person.fill("/login", username=NAME, password=RIGHT)
    assert (page.status, page.form("/login").fields["username"]) == (429, NAME)
    assert "Too many attempts to log in under this name; try again later." in page.text
    assert int(page.answer.header("Retry-After") or "") > 0
    assert not person.is_logged_in()
    assert log_in(app_client, NAME, RIGHT).status == 429
    assert looked.count == ATTEMPTS


def test_a_success_makes_a_new_start(app_client: Client) -> None:
    for _ in range(3):
        assert statuses(app_client, NAME, "wrong", ATTEMPTS - 1) == [401] * (ATTEMPTS - 1)
        assert log_in(app_client, NAME, RIGHT).status == 200


def test_anothers_success_makes_none(app_client: Client) -> None:
    statuses(app_client, NAME, "wrong", ATTEMPTS)
    assert log_in(app_client, "user0000008", RIGHT).status == 200
    assert log_in(app_client, NAME, RIGHT).status == 429


def test_whoever_waits_as_long_as_told_is_let_in(app_client: Client, clock: Clock) -> None:
    statuses(app_client, NAME, "wrong", ATTEMPTS)
    clock.now += PAUSES[0] - 1
    for _ in range(3):  # attempts that are refused do not make the time longer
        assert seconds(log_in(app_client, NAME, RIGHT)) == 1
    clock.now += 1
    assert log_in(app_client, NAME, RIGHT).status == 200
    assert statuses(app_client, NAME, "wrong", ATTEMPTS) == [401] * ATTEMPTS  # and has all of them again


def test_pauses_grow_and_are_bounded(app_client: Client, clock: Clock, looked: Looked) -> None:
    statuses(app_client, NAME, "wrong", ATTEMPTS)
    told = []
    for _ in range(len(PAUSES) + 3):
        told.append(seconds(log_in(app_client, NAME, RIGHT)))
        clock.now += told[-1]
        assert log_in(app_client, NAME, "wrong").status == 401
    assert told == [*PAUSES, *[PAUSES[-1]] * 3]
    assert looked.count == ATTEMPTS + len(told)


def test_pauses_are_forgotten_in_the_end(app_client: Client, clock: Clock) -> None:
    statuses(app_client, NAME, "wrong", ATTEMPTS)
    clock.now += MEMORY * WINDOW + PAUSES[0]
    assert statuses(app_client, NAME, "wrong", 2) == [401, 429]
    clock.now += MEMORY * WINDOW + PAUSES[1] + 1
    assert statuses(app_client, NAME, "wrong", ATTEMPTS + 1) == [401] * ATTEMPTS + [429]


@pytest.mark.parametrize("app", APPS)
def test_attempts_and_window_can_be_set(app: str, database: Path, clock: Clock, looked: Looked) -> None:
    settings = settings_for(database, LOGIN_ATTEMPTS="3", LOGIN_WINDOW="2")
    with cheap_passwords(), in_process(app, settings) as client:
        assert statuses(client, NAME, "wrong", 5) == [401, 401, 401, 429, 429]
        told = []
        for _ in range(3):
            told.append(seconds(log_in(client, NAME, "wrong")))
            clock.now += told[-1]
            assert statuses(client, NAME, "wrong", 2) == [401, 429]
        assert told == [1, 2, 2]
        assert looked.count == 6


def at(address: str, client: Client, name: str, password: str) -> Answer:
    """An attempt from this address, as nginx tells the app."""
    given = {"username": name, "password": password}
    return send(client, "POST", "/api/login", given, {"X-Forwarded-For": address})


def test_who_guesses_waits_and_nobody_else(app_client: Client, clock: Clock) -> None:
    """However long one address goes on, the owner comes in from another at once."""
    for _ in range(2 * ATTEMPTS):
        while (answer := at("192.0.2.1", app_client, NAME, "wrong")).status == 401:
            pass
        assert at("192.0.2.2", app_client, NAME, RIGHT).status == 200
        clock.now += seconds(answer)
    assert at("192.0.2.1", app_client, NAME, "wrong").status == 401
    assert at("192.0.2.1", app_client, NAME, RIGHT).status == 429


def test_many_who_guess_wait_together_and_never_long(app_client: Client, clock: Clock, looked: Looked) -> None:
    """Each from an address of its own: a name has so many attempts, then some in an hour."""
    addresses = (f"192.0.2.{number}" for number in range(256))
    many = ATTEMPTS * TOGETHER
    assert {at(next(addresses), app_client, NAME, "wrong").status for _ in range(many)} == {401}
    told = []
    for _ in range(6):
        told.append(seconds(at(next(addresses), app_client, NAME, RIGHT)))
        clock.now += told[-1]
        assert at(next(addresses), app_client, NAME, "wrong").status == 401
    assert told == [*PAUSES[:3], LONGEST_TOGETHER, LONGEST_TOGETHER, LONGEST_TOGETHER]
    assert looked.count == many + len(told)
    assert at("192.0.2.1", app_client, "user0000008", RIGHT).status == 200  # other names are not concerned


def test_an_owner_gives_those_who_guess_no_new_start(app_client: Client) -> None:
    """Nor do attempts of an owner that succeed count among the guesses."""
    for number in range(ATTEMPTS * TOGETHER):
        assert at(f"192.0.2.{number}", app_client, NAME, "wrong").status == 401
        if number < ATTEMPTS:
            assert at("198.51.100.1", app_client, NAME, RIGHT).status == 200
    assert at("198.51.100.1", app_client, NAME, RIGHT).status == 429


def test_of_an_ipv6_network_all_addresses_are_one() -> None:
    assert network("2001:db8:1:2::1") == network("2001:0db8:0001:0002:ffff::9") != network("2001:db8:1:3::1")
    assert network("::ffff:192.0.2.1") == network("192.0.2.1") != network("192.0.2.2")
    assert network("") == ""


def test_what_is_no_login_is_no_attempt(app_client: Client, looked: Looked) -> None:
    for _ in range(ATTEMPTS + 1):
        assert send(app_client, "POST", "/api/login", {"username": NAME}).status == 422
        assert send(app_client, "POST", "/api/login", {"username": NAME, "password": "x" * 129}).status == 422
        assert Person(app_client).send("/login", {"username": NAME, "password": "wrong"}).status == 403
    assert looked.count == 0
    assert log_in(app_client, NAME, RIGHT).status == 200


def test_where_somebody_claims_to_be_does_not_matter(app_client: Client, looked: Looked) -> None:
    for number in range(2 * ATTEMPTS):
        # X-Forwarded-For is nginx's own word (tests/stack/test_untrusted.py).
        headers = {"Forwarded": f"for=10.0.0.{number}", "X-Real-IP": f"10.0.0.{number}", "User-Agent": str(number)}
        send(app_client, "POST", "/api/login", {"username": NAME, "password": "wrong"}, headers)
    assert looked.count == ATTEMPTS


@pytest.mark.parametrize("app", APPS)
@pytest.mark.parametrize("name", [NAME, "nobody-of-this-name"])
def test_of_many_at_once_none_goes_unseen(app: str, name: str, database: Path, looked: Looked) -> None:
    crowd = 32
    with (
        in_process(app, settings_for(database, PASSWORD_QUEUE=str(2 * crowd))) as client,
        ThreadPoolExecutor(crowd) as pool,
    ):
        found = Counter(pool.map(lambda _: log_in(client, name, "wrong").status, range(crowd)))
    assert found == {401: ATTEMPTS, 429: crowd - ATTEMPTS}
    assert looked.count == ATTEMPTS


def test_both_apps_count_together(both: list[Client], looked: Looked) -> None:
    name = fresh()
    found = [log_in(both[number % 2], name, "wrong").status for number in range(ATTEMPTS + 4)]
    assert found == [401] * ATTEMPTS + [429] * 4
    assert looked.count == ATTEMPTS
