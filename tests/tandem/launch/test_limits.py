"""Limits on logins: a real nginx before a toy that would let everybody in. The apps' own: tests/stack/test_accounts.py."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http import HTTPStatus
from pathlib import Path

import pytest

from tandem.launch import nginx, ports, running_stack
from tandem.launch.running_stack import StackEnvironment
from tandem.plan import stacks
from tests.support import toy
from tests.support.answers import Answer
from tests.support.clients import HttpClient

LIMITED = ["/api/login", "/login", "/register"]
AT_ONCE = 11
"""One, and a burst of ten; more take their time."""


@pytest.fixture
def client(processes: None, tmp_path: Path) -> Iterator[Callable[[bool], HttpClient]]:
    """Asks a toy behind an nginx that limits or does not."""
    (tmp_path / "toy.toml").write_text(toy.table("toy"))
    with ExitStack() as exits:

        def start(limits: bool) -> HttpClient:
            place = StackEnvironment(
                folder=tmp_path, logs=tmp_path, cpus=sorted(os.sched_getaffinity(0))[:1], database_url="", news_url="",
                nginx=nginx.find(), port=ports.free_port(), limits=limits,
            )  # fmt: skip
            exits.enter_context(running_stack.running("toy", stacks.load([tmp_path / "toy.toml"])["toy"], place))
            return HttpClient("127.0.0.1", place.port)

        yield start


def tries(client: HttpClient, path: str, count: int) -> list[Answer]:
    """So many attempts, each claiming to come from somewhere else."""
    claims = ("X-Forwarded-For", "X-Real-IP", "Forwarded", "True-Client-IP")
    return [client.request("POST", path, dict.fromkeys(claims, f"10.0.0.{number}"), b"x") for number in range(count)]


def test_whoever_logs_in_too_often_is_refused_wherever_it_claims_to_be(
    client: Callable[[bool], HttpClient], tmp_path: Path
) -> None:
    asking = client(True)
    answers = [answer for path in LIMITED for answer in tries(asking, path, AT_ONCE)]
    statuses = [answer.status for answer in answers]
    assert statuses[:AT_ONCE] == [200] * AT_ONCE
    # The rest came within a few seconds, in each of which half an attempt more is allowed.
    assert set(statuses[AT_ONCE:]) <= {200, 429}
    assert statuses[AT_ONCE:].count(429) > AT_ONCE
    assert (tmp_path / "toy-nginx.log").read_text() == "", "an attacker fills no log"


def test_a_refusal_has_the_form_of_the_apps_errors_and_says_when_to_come_again(
    client: Callable[[bool], HttpClient],
) -> None:
    asking = client(True)
    tries(asking, "/login", AT_ONCE)
    refused = {path: next(each for each in tries(asking, path, 9) if each.status == 429) for path in LIMITED}
    for answer in refused.values():
        assert answer.header("Retry-After") == "2"
        assert len(answer.header("X-Request-ID") or "") == 32
    problem = json.loads(refused["/api/login"].body)
    assert refused["/api/login"].header("Content-Type") == "application/problem+json"
    assert (problem["title"], problem["status"]) == (HTTPStatus.TOO_MANY_REQUESTS.phrase, 429)
    assert problem["request_id"] == refused["/api/login"].header("X-Request-ID")
    for path in ("/login", "/register"):
        assert refused[path].header("Content-Type") == "text/html; charset=utf-8"
        assert f"<h1>{HTTPStatus.TOO_MANY_REQUESTS.phrase}</h1>".encode() in refused[path].body
        assert b"Error 429, request " in refused[path].body


def test_a_known_device_is_counted_apart_from_strangers_at_its_address(client: Callable[[bool], HttpClient]) -> None:
    """Whether it is known is the app's to say: whoever makes up such cookies has one count for all of them."""
    asking = client(True)
    assert 429 in {answer.status for answer in tries(asking, "/login", 2 * AT_ONCE)}
    answers = [
        asking.request("POST", "/login", {"Cookie": f"a=b; device={number}"}, b"x") for number in range(3 * AT_ONCE)
    ]
    assert [answer.status for answer in answers[:AT_ONCE]] == [200] * AT_ONCE
    assert 429 in {answer.status for answer in answers}


def test_what_guesses_no_password_is_not_limited(client: Callable[[bool], HttpClient]) -> None:
    asking = client(True)
    tries(asking, "/api/login", 2 * AT_ONCE)
    for method, path in (("GET", "/login"), ("GET", "/register"), ("GET", "/healthz"), ("POST", "/api/users")):
        answers = [asking.request(method, path) for _ in range(2 * AT_ONCE)]
        assert {answer.status for answer in answers} == {200}, path
        assert not any(answer.header("Retry-After") for answer in answers)


@pytest.mark.parametrize("path", ["/api/login?x=1", "/api/%6cogin", "/api/./login"])
def test_another_spelling_is_limited_alike(path: str, client: Callable[[bool], HttpClient]) -> None:
    assert 429 in {answer.status for answer in tries(client(True), path, 2 * AT_ONCE)}


def test_without_limits_nobody_is_refused(client: Callable[[bool], HttpClient]) -> None:
    asking = client(False)
    for path in LIMITED:
        assert {answer.status for answer in tries(asking, path, 3 * AT_ONCE)} == {200}


def test_the_app_learns_under_which_host_and_port_it_is_asked(client: Callable[[bool], HttpClient]) -> None:
    """And not what a client says of that."""
    asking = client(False)
    answer = asking.request("GET", "/headers", {"X-Forwarded-Host": "evil.example", "X-Forwarded-For": "10.0.0.1"})
    headers = json.loads(answer.body)
    assert headers["X-Forwarded-Host"] == f"127.0.0.1:{asking.port}"
    assert headers["X-Forwarded-For"] == "127.0.0.1"
    assert headers["X-Forwarded-Proto"] == "http"
