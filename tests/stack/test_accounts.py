"""Accounts on real servers: two apps on one database, several processes, and limits on logins; test_untrusted.py: nginx."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tandem.launch import ports, running_stack
from tandem.plan import stacks as tandem_stacks
from tests.support.clients import HttpClient
from tests.support.headers import JSON
from tests.support.people import PASSWORD, Person, authorization, fresh, join, log_in, send, token
from tests.support.stacks import environment_for
from userdb.passwords import SEEDED

PAIR = ["wsgi-sync", "asgi"]
ATTEMPTS = 10
AT_ONCE = 11
"""Logins that nginx takes of one address at once: one, and a burst of ten."""


@dataclass(frozen=True)
class Pair:
    """Both apps on one database."""

    clients: list[HttpClient]
    folder: Path

    def logs(self) -> str:
        """All that their servers and nginx have logged."""
        return "".join(file.read_text() for file in sorted(self.folder.glob("*.log")))


@pytest.fixture(scope="module")
def pair(seeded: Path, news_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """Both apps behind an nginx each; several processes of the one, one of the other."""
    folder = tmp_path_factory.mktemp("pair")
    # The apps refuse whoever tries a name too often, and nginx nobody.
    place = replace(environment_for(folder, seeded, news_url), more={"LOGIN_ATTEMPTS": str(ATTEMPTS)})
    with ExitStack() as exits:
        clients = []
        for name in PAIR:
            here = replace(place, port=ports.free_port())
            running = exits.enter_context(running_stack.running(name, tandem_stacks.load([])[name], here))
            clients.append(HttpClient("127.0.0.1", running.port))
        yield Pair(clients, folder)


@pytest.mark.parametrize("first", [0, 1])
def test_a_login_through_one_app_is_one_in_the_other_and_so_is_its_end(pair: Pair, first: int) -> None:
    one, other = pair.clients[first], pair.clients[1 - first]
    member, here, there = join(one, PASSWORD), Person(one), Person(other)
    here.log_in(member)
    header = authorization(token(one, member))
    there.cookie = here.cookie
    assert there.is_logged_in()
    assert other.request("GET", "/api/me", header).status == 200
    assert there.fill("/logout").status == 303
    assert other.request("POST", "/api/logout", header).status == 204
    assert not here.is_logged_in()
    assert one.request("GET", "/api/me", header).status == 401


def test_a_new_password_counts_in_both(pair: Pair) -> None:
    one, other = pair.clients
    member = join(one, PASSWORD)
    header = authorization(token(one, member))
    assert send(other, "PATCH", member.path, {"password": "another battery"}, header).status == 200
    assert one.request("GET", "/api/me", header).status == 401
    assert [log_in(one, member.username, each).status for each in (PASSWORD, "another battery")] == [401, 200]


def test_attempts_count_together_in_all_processes_of_both_apps(pair: Pair) -> None:
    """As many at once as both have processes and places for, so that none is told that it is busy."""
    name = join(pair.clients[0], PASSWORD).username
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda number: log_in(pair.clients[number % 2], name, "wrong"), range(40)))
    assert Counter(answer.status for answer in answers) == {401: ATTEMPTS, 429: 40 - ATTEMPTS}
    for client in pair.clients:
        answer = log_in(client, name, PASSWORD)
        assert (answer.status, 0 < int(answer.header("Retry-After") or "") <= 901) == (429, True)
        page = Person(client).fill("/login", username=name, password=PASSWORD)
        assert (page.status, "Too many attempts to log in under this name" in page.text) == (429, True)
        assert log_in(client, join(client, PASSWORD).username, PASSWORD).status == 200


def test_where_a_client_says_it_is_makes_no_count_of_its_own(pair: Pair) -> None:
    name, found = fresh(), []
    for number in range(ATTEMPTS + 2):
        says = {"X-Forwarded-For": f"10.0.0.{number}", "X-Real-IP": f"10.0.0.{number}"}
        given = {"username": name, "password": "wrong"}
        found.append(send(pair.clients[number % 2], "POST", "/api/login", given, says).status)
    assert found == [401] * ATTEMPTS + [429] * 2


def test_the_processes_of_one_stack_count_together(pair: Pair) -> None:
    name = fresh()
    with ThreadPoolExecutor(6) as pool:
        found = Counter(pool.map(lambda _: log_in(pair.clients[0], name, "wrong").status, range(24)))
    assert found == {401: ATTEMPTS, 429: 24 - ATTEMPTS}


def test_no_log_holds_a_password_a_hash_a_token_or_a_name(pair: Pair) -> None:
    for client in pair.clients:
        member = join(client, PASSWORD)
        text = token(client, member)
        log_in(client, member.username, f"{PASSWORD}!")
        person = Person(client)
        person.log_in(member)
        person.fill(f"{member.page}/edit", password=PASSWORD, email="x")
        client.request("GET", "/api/me", authorization(text))
        client.request("POST", "/api/login", JSON, b'{"username":"a","password":"' + PASSWORD.encode() + b'"')
        logged = pair.logs()
        assert "Booting worker" in logged  # they are the right files
        for secret in (PASSWORD, "argon2", text, person.cookie, member.username):
            assert secret not in logged


def test_processes_that_make_the_keys_at_their_first_start_have_the_same(
    seeded: Path, news_url: str, tmp_path: Path
) -> None:
    file = tmp_path / "keys" / "session-keys"
    place = replace(environment_for(tmp_path, seeded, news_url), shared=file.parent)
    with running_stack.running("wsgi-sync", tandem_stacks.load([])["wsgi-sync"], place) as running:
        client = HttpClient("127.0.0.1", running.port)
        headers = [authorization(json.loads(log_in(client, "admin", SEEDED).body)["token"]) for _ in range(6)]
        with ThreadPoolExecutor(6) as pool:
            answers = list(pool.map(lambda header: client.request("GET", "/api/me", header), headers * 5))
    assert Counter(answer.status for answer in answers) == {200: 30}
    assert [each.name for each in file.parent.iterdir()] == [file.name]
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.fixture(params=["wsgi-gthread", "asgi"])
def limited(request: pytest.FixtureRequest, seeded: Path, news_url: str, tmp_path: Path) -> Iterator[HttpClient]:
    """Each app behind an nginx that limits logins, as it is served to everybody."""
    place = replace(environment_for(tmp_path, seeded, news_url), limits=True)
    with running_stack.running(request.param, tandem_stacks.load([])[request.param], place) as running:
        yield HttpClient("127.0.0.1", running.port)


def test_an_apps_own_limit_passes_nginx_as_it_is(limited: HttpClient) -> None:
    answers = [log_in(limited, "user0000009", "wrong") for _ in range(AT_ONCE)]
    assert [answer.status for answer in answers] == [401] * ATTEMPTS + [429]
    assert b"Too many attempts to log in under this name; try again later." in answers[-1].body
    assert [int(value) > 2 for name, value in answers[-1].headers if name.lower() == "retry-after"] == [True]
