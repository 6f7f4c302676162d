"""Who has an account is not told by a login: not by words, not by work, not by time."""

from __future__ import annotations

import time
from pathlib import Path
from statistics import median

import pytest

from tests.support.apps import APPS, in_process, settings_for
from tests.support.clients import Client
from tests.support.people import PASSWORD, Person, fresh, join, log_in, send
from userdb import passwords

KNOWN_ID = {"X-Request-ID": "0123abcd"}


class Work:
    """What the apps do: statements of the database, and passwords that are verified."""

    def __init__(self, statements: list[str]) -> None:
        self.statements = statements
        self.passwords = 0


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch, statements: list[str]) -> Work:
    """All work from now on."""
    found, matches = Work(statements), passwords.matches

    def counted(password_hash: str | None, password: str) -> bool:
        found.passwords += 1
        return matches(password_hash, password)

    monkeypatch.setattr(passwords, "matches", counted)
    return found


def strangers(client: Client) -> dict[str, str]:
    """Names with which nobody gets in: of nobody, of a user with a password, of one without."""
    return {"nobody": fresh(), "wrong": join(client, PASSWORD).username, "none": join(client).username}


def test_a_login_that_fails_says_the_same_and_costs_the_same(work: Work, app_client: Client) -> None:
    found = []
    for name in strangers(app_client).values():
        work.statements.clear()
        work.passwords = 0
        answer = send(app_client, "POST", "/api/login", {"username": name, "password": "wrong"}, KNOWN_ID)
        found.append((answer.status, answer.headers, answer.body, list(work.statements), work.passwords))
    assert (found[0][0], found[0][-1]) == (401, 1)
    assert found[1:] == found[:1] * 2


def test_the_page_says_the_same_and_costs_the_same(work: Work, app_client: Client) -> None:
    found = []
    person = Person(app_client)
    fields = person.open("/login").form("/login").fields
    for name in strangers(app_client).values():
        work.statements.clear()
        work.passwords = 0
        page = person.send("/login", {**fields, "username": name, "password": "wrong"})
        found.append(
            (page.status, page.answer.headers, page.text.replace(name, "NAME"), list(work.statements), work.passwords)
        )
    assert (found[0][0], found[0][-1]) == (401, 1)
    assert found[1:] == found[:1] * 2


def test_behind_nginx_it_says_the_same_too(stack_client: Client) -> None:
    found = []
    for name in strangers(stack_client).values():
        answer = log_in(stack_client, name, "wrong")
        request_id = answer.header("X-Request-ID") or "none"
        headers = [(key, value) for key, value in answer.headers if key not in ("Date", "X-Request-ID")]
        found.append((answer.status, headers, answer.body.replace(request_id.encode(), b"")))
    assert found[1:] == found[:1] * 2
    assert found[0][0] == 401


@pytest.mark.parametrize("app", APPS)
def test_it_takes_as_long(app: str, database: Path) -> None:
    """Asked in turn, so that whatever else the machine does falls on both; bounds far beyond chance."""
    with in_process(app, settings_for(database, LOGIN_ATTEMPTS="1000")) as client:
        known, times = join(client, PASSWORD).username, (list[float](), list[float]())
        for _ in range(15):
            for name, taken in zip((known, fresh()), times, strict=True):
                began = time.perf_counter()
                assert log_in(client, name, "wrong").status == 401
                taken.append(time.perf_counter() - began)
    assert 0.5 < median(times[0]) / median(times[1]) < 2


@pytest.mark.parametrize("app", APPS)
def test_a_lock_tells_nothing_either(app: str, database: Path, work: Work) -> None:
    with in_process(app, settings_for(database, LOGIN_ATTEMPTS="2")) as client:
        found = []
        for name in strangers(client).values():
            work.passwords = 0
            answers = [
                send(client, "POST", "/api/login", {"username": name, "password": "wrong"}, KNOWN_ID) for _ in range(4)
            ]
            kept = [(answer.status, answer.body, sorted(name for name, _ in answer.headers)) for answer in answers]
            found.append((kept, work.passwords))
    assert [status for status, *_ in found[0][0]] == [401, 401, 429, 429]
    assert found[0][1] == 2
    assert found[1:] == found[:1] * 2


def test_whether_there_is_a_user_is_not_told_to_who_may_not_change_it(app_client: Client) -> None:
    """Reading is public, so that it is no secret; still it says the same."""
    found = []
    for user_id in (8, 99999):
        person = Person(app_client, 7)
        for path in (f"/users/{user_id}/edit", f"/users/{user_id}/delete"):
            page = person.open(path)
            found.append((page.status, page.text))
    assert found == found[:1] * 4
    assert found[0][0] == 403
