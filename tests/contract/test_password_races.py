"""Sessions and passwords may change while a request hashes: what was ended or replaced meanwhile counts for nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import TypeVar

import pytest

from tests.contract.places import ROUNDS, Place
from tests.support.clients import HttpClient
from tests.support.people import (
    PASSWORD,
    Person,
    authorization,
    bearer,
    join,
    log_in,
    send,
    token,
)
from tests.support.waiting import PATIENCE
from userdb import passwords

T = TypeVar("T")


@contextmanager
def hashing(ask: Callable[[], T], pool: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch) -> Iterator[Future[T]]:
    """A request that is about to hash a new password, and goes on at the end."""
    reached, opened, hashed = threading.Event(), threading.Event(), passwords.hashed

    def late(password: str) -> str:
        reached.set()
        assert opened.wait(PATIENCE)
        return hashed(password)

    with monkeypatch.context() as patch:
        patch.setattr(passwords, "hashed", late)
        asked = pool.submit(ask)
        assert reached.wait(PATIENCE)
        yield asked
        opened.set()
        asked.exception(PATIENCE)


def test_a_session_that_was_ended_while_its_request_hashed_sets_no_password(
    both: Place, pool: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Changed through one app, logged out through the other."""
    for one, other in (both.clients, both.clients[::-1]):
        member = join(one)
        ask = partial(send, one, "PATCH", member.path, {"password": "another battery"}, header := bearer(member))
        with hashing(ask, pool, monkeypatch) as asked:
            assert other.request("POST", "/api/logout", header).status == 204
        assert asked.result().status == 401
        assert log_in(one, member.username, "another battery").status == 401


def test_nor_one_on_a_page_or_one_of_an_older_password(
    both: Place, pool: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    for one, other in (both.clients, both.clients[::-1]):
        member, person = join(one, PASSWORD), Person(one)
        person.log_in(member)
        path = f"{member.page}/edit"
        form = person.open(path).form(path).fields | {"password": "another battery"}
        with hashing(partial(person.send, path, form), pool, monkeypatch) as asked, both.changed() as connection:
            # As an administrator at a terminal does.
            connection.exec_driver_sql(f"UPDATE users SET password_hash = 'x' WHERE id = {member.id}")
        assert (asked.result().status, asked.result().location) == (303, f"/login?next={path}")
        assert log_in(other, member.username, "another battery").status == 401


def test_a_logout_and_a_new_password_at_once_agree(place: Place, pool: ThreadPoolExecutor) -> None:
    """Hashing takes as long as it does: a change that was answered before the logout holds, another was never made."""
    client, logout_was_first = place.client, (401, 204)
    seen = set()
    for _ in range(6 * ROUNDS):
        member = join(client, PASSWORD)
        header = authorization(token(client, member))
        changed = pool.submit(send, client, "PATCH", member.path, {"password": "another battery"}, header)
        out = pool.submit(client.request, "POST", "/api/logout", header)
        told = (changed.result().status, out.result().status)
        assert told in {(200, 401), (200, 204), logout_was_first}
        right = PASSWORD if told == logout_was_first else "another battery"
        assert log_in(client, member.username, right).status == 200
        seen.add(told)
        if logout_was_first in seen:
            break
    assert logout_was_first in seen or not isinstance(client, HttpClient)  # hashing is cheap in this process


def test_an_account_that_is_removed_while_it_logs_in_has_no_session(
    both: Place, pool: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    member, admin = join(both.client, PASSWORD), both.administrator()
    verify, reached, opened = passwords.matches, threading.Event(), threading.Event()

    def late(password_hash: str | None, password: str) -> bool:
        reached.set()
        assert opened.wait(20)
        return verify(password_hash, password)

    monkeypatch.setattr(passwords, "matches", late)
    asked = pool.submit(token, both.client, member)
    assert reached.wait(20)
    assert both.clients[1].request("DELETE", member.path, bearer(admin)).status == 204
    opened.set()
    assert both.client.request("GET", "/api/me", authorization(asked.result())).status == 401
