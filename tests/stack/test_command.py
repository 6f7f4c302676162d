"""The command `tandem` as a person runs it, for real: started, interrupted, killed."""

from __future__ import annotations

import http.client
import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tandem.launch import ports
from tests.selftest import toy
from tests.support.clients import HttpClient
from tests.support.command import assert_it_can_be_reported, command, stop_in_a_block, wait_for
from tests.support.people import PASSWORD, Person, authorization, fresh, log_in
from tests.support.processes import alive, descendants
from tests.support.waiting import PATIENCE, eventually


def answers(port: int) -> bool:
    """Whether an app answers there."""
    with suppress(OSError, http.client.HTTPException):
        return HttpClient("127.0.0.1", port).request("GET", "/readyz").status == 200
    return False


# fmt: off
COMPARE = [
    "compare", "--stacks-file", "toy.toml", "--stacks", "toy,other", "--baseline", "toy", "--scenarios", "read", "--rounds", "6",
    "--seconds", "1", "--warmup", "1", "--rate", "50", "--seed", "1", "--seed-users", "100", "--allow-dirty", "--quiet-wait", "0",
]
# fmt: on


@pytest.mark.usefixtures("processes")
def test_a_comparison_that_is_stopped_leaves_nothing_running_and_can_be_reported(tmp_path: Path) -> None:
    """By SIGTERM; by SIGINT `tandem serve`, below. One that is killed goes on: tests/selftest/test_real_comparison.py."""
    (tmp_path / "toy.toml").write_text(toy.stacks_file({name: toy.definition() for name in ("toy", "other")}))
    assert stop_in_a_block(COMPARE, tmp_path, signal.SIGTERM) == 128 + signal.SIGTERM
    assert_it_can_be_reported(tmp_path)


@contextmanager
def serving(*arguments: str, cwd: Path) -> Iterator[tuple[int, int]]:
    """`tandem serve` with both apps, until it is interrupted and nothing of it runs any more; gives their ports."""
    first, second = ports.free_port(), ports.free_port()
    with command("serve", "--users", "20", *arguments, cwd=cwd, WSGI_PORT=str(first), ASGI_PORT=str(second)) as process:
        said = cwd / "output.txt"
        wait_for(
            process, said, lambda: answers(first) and answers(second) and f"127.0.0.1:{second}" in said.read_text()
        )
        yield first, second
        below = descendants(process.pid)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=PATIENCE) == 128 + signal.SIGINT
    assert eventually(lambda: not any(map(alive, below))), below


@pytest.mark.usefixtures("processes")
def test_serves_both_apps_on_one_database_until_it_is_interrupted(tmp_path: Path) -> None:
    with serving("--shared", cwd=tmp_path) as (first, second):
        assert HttpClient("127.0.0.1", first).request("GET", "/api/users/7/news").status == 200
        told = [
            HttpClient("127.0.0.1", port).request("GET", path).header("x-stack")
            for port in (first, second)
            for path in ("/", "/no", "/static/style.css")
        ]
        assert told == ["wsgi-gthread"] * 3 + ["asgi"] * 3
        a_login_through_either_port_is_one_at_both(first, second)
    said = (tmp_path / "output.txt").read_text()
    assert f"http://127.0.0.1:{first}" in said
    assert f"http://127.0.0.1:{second}" in said


@pytest.mark.usefixtures("processes")
def test_serves_both_apps_on_a_database_server_of_its_own(tmp_path: Path) -> None:
    with serving("--shared", "--database", "postgresql", cwd=tmp_path) as (first, second):
        a_login_through_either_port_is_one_at_both(first, second)
    said = (tmp_path / "output.txt").read_text()
    assert ("PostgreSQL" in said, "20 new users" in said) == (True, True)


def a_login_through_either_port_is_one_at_both(first: int, second: int) -> None:
    """And so is its end: of one that a page keeps, and of one that a token is."""
    for here, there in ((first, second), (second, first)):
        name = fresh()
        person, other = (Person(HttpClient("127.0.0.1", port)) for port in (here, there))
        fields = {"username": name, "email": f"{name}@example.org", "password": PASSWORD}
        assert person.fill("/register", **fields).status == 303
        other.cookie = person.cookie
        assert other.is_logged_in()
        token = json.loads(log_in(other.client, name, PASSWORD).body)["token"]
        assert person.client.request("GET", "/api/me", authorization(token)).status == 200
        assert other.fill("/logout").status == 303
        assert not person.is_logged_in()
        assert other.client.request("POST", "/api/logout", authorization(token)).status == 204
        assert person.client.request("GET", "/api/me", authorization(token)).status == 401
