"""What a write depends on may change while it waits: it is asked again where nothing can come between.

Each test holds the rows, changes them, and lets them go when the request has come that far: it was allowed when it began.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import sleep
from typing import TypeVar

import pytest
from sqlalchemy import Connection, create_engine, make_url

from tests.conftest import FAR, NEAR
from tests.support.accounts import KEY, SESSIONS
from tests.support.answers import Answer
from tests.support.apps import APPS, STORES, cheap_passwords, in_process
from tests.support.clients import Client, HttpClient
from tests.support.people import (
    PASSWORD,
    Member,
    Person,
    authorization,
    bearer,
    fresh,
    join,
    log_in,
    send,
    somebody,
    token,
)
from tests.support.stacks import STACKS
from tests.support.waiting import PATIENCE
from userdb import passwords
from userdb.settings import from_environment

T = TypeVar("T")

ON_ITS_WAY = 0.15
"""Seconds in which a request comes to the rows that are held; one that comes later is refused all the same."""

ROUNDS = 4


@dataclass(frozen=True)
class Place:
    """Where an app, or both, is asked, and the database behind it."""

    clients: list[Client]
    url: str

    @property
    def client(self) -> Client:
        """The first of them."""
        return self.clients[0]

    @contextmanager
    def changed(self) -> Iterator[Connection]:
        """A transaction of somebody else, which is kept."""
        driver = "sqlite" if self.url.startswith("sqlite") else "postgresql+psycopg"
        engine = create_engine(make_url(self.url).set(drivername=driver))
        with engine.begin() as connection:
            yield connection
        engine.dispose()

    def administrator(self) -> Member:
        """A new one."""
        member = join(self.client)
        with self.changed() as connection:
            connection.exec_driver_sql(f"UPDATE users SET is_admin = true WHERE id = {member.id}")
        return member

    def is_there(self, member: Member) -> bool:
        """Whether the user is."""
        return self.client.request("GET", member.path).status == 200


@contextmanager
def near(apps: list[str], store: str, url: str) -> Iterator[Place]:
    """These apps in this process, on one database."""
    settings = from_environment({"DATABASE_URL": url, "SESSION_KEYS": KEY, "STORE": store})
    with cheap_passwords(), ExitStack() as exits:
        yield Place([exits.enter_context(in_process(app, settings)) for app in apps], url)


def database_url(request: pytest.FixtureRequest, name: str, folder: Path) -> str:
    """A seeded database of this kind."""
    if name == "PostgreSQL":
        return str(request.getfixturevalue("postgresql_url"))
    return f"sqlite:///{shutil.copyfile(request.getfixturevalue('seeded'), folder / 'users.db')}"


@pytest.fixture(scope="module", params=[*NEAR, *(pytest.param(name, marks=pytest.mark.processes) for name in FAR)])
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Each app on each database, and each stack."""
    if request.param in STACKS:
        port = request.getfixturevalue("stack")(request.param).port
        file = request.getfixturevalue("stacks_folder") / request.param / "users.db"
        yield Place([HttpClient("127.0.0.1", port)], f"sqlite:///{file}")
        return
    app, store, _, database = request.param.split()
    with near([app], store, database_url(request, database, tmp_path_factory.mktemp("races"))) as found:
        yield found


BOTH = [
    "engine on SQLite",
    "direct on SQLite",
    *(pytest.param(f"{store} on PostgreSQL", marks=pytest.mark.processes) for store in STORES),
]


@pytest.fixture(scope="module", params=BOTH)
def both(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Both apps on one database, of each kind."""
    store, _, database = request.param.split()
    with near(APPS, store, database_url(request, database, tmp_path_factory.mktemp("races"))) as found:
        yield found


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    """Those who ask at once."""
    with ThreadPoolExecutor(8) as found:
        yield found


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
