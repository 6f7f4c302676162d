"""The same requests, made by a machine, to both stacks; `make fuzz` goes on for longer."""

from __future__ import annotations

import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest
from hypothesis import HealthCheck, find, given, settings
from hypothesis.strategies import DrawFn

import asgi_app.app
from tandem.launch import news, ports
from tests.fuzz import api_acts, kept, page_acts, pair, requests, run, stories
from tests.fuzz.pair import Pair
from tests.fuzz.run import Different
from tests.fuzz.stack import Stack
from tests.fuzz.step import Step, written
from tests.fuzz.story import Story
from tests.fuzz.tally import Tally
from tests.support.answers import Answer
from tests.support.stacks import one_cpu

FIXED_SEED, FIXED_BATCHES, MOST = 5, 3, 30
"""So many batches, and one more at a time until everything was accepted once, at most so many: after failed logins an app lets
people wait, and that takes its time of the clock, however fast the machine."""

FRESH_SECONDS = 5.0
KEPT = kept.load()


@pytest.fixture(scope="module")
def running(processes: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """Both documented stacks."""
    with services(tmp_path_factory.mktemp("fuzz"), pair.NAMES) as found:
        yield found


@contextmanager
def services(folder: Path, names: tuple[str, str]) -> Iterator[Pair]:
    """Two stacks behind nginx on equal databases, with news that come at once."""
    port = ports.free_port()
    with (
        news.stub(port=port, delay=0, logs=folder, cpus=one_cpu()),
        pair.running(folder, f"http://127.0.0.1:{port}/news", names) as found,
    ):
        yield found


def test_no_request_of_another_seed_tells_the_tuned_pair_apart(processes: None, tmp_path: Path) -> None:
    with services(tmp_path, pair.TUNED) as both:
        for name, sequence in KEPT.items():
            assert both.replay(sequence) is None, name
        alike(both, FIXED_SEED + 1, batches=1)


@pytest.fixture
def both(running: Pair) -> Pair:
    """The same, of whom nothing was asked yet."""
    return Pair(running.stacks)


@pytest.mark.parametrize("name", KEPT)
def test_what_once_told_them_apart_no_longer_does(both: Pair, name: str) -> None:
    found = replace(both, counting=True).replay(KEPT[name])
    assert found is None, found and found[1]


def test_no_request_of_a_fixed_seed_tells_the_apps_apart(both: Pair) -> None:
    """The same sequences on every machine."""
    alike(both, FIXED_SEED, batches=FIXED_BATCHES)
    for number in range(FIXED_BATCHES, MOST):
        if not missing(both.tally):
            break
        alike(both, FIXED_SEED + number, batches=1)
    assert not missing(both.tally)


def test_no_request_of_a_fresh_seed_tells_the_apps_apart(both: Pair) -> None:
    alike(both, secrets.randbelow(2**31), seconds=FRESH_SECONDS)


def missing(tally: Tally) -> set[object]:
    """Statuses that never came, operations that were never accepted, acts that never went as they were meant."""
    statuses = {200, 201, 204, 303, 304, 400, 401, 403, 404, 405, 409, 412, 415, 422, 429} - tally.seen.keys()
    operations = {f"{each.method} {each.path}" for each in requests.CHOICES} - requests.REFUSED - tally.succeeded.keys()
    return statuses | operations | {act.__name__ for act in stories.ACTS} - {"does_anything"} - tally.met.keys()


def alike(both: Pair, first: int, *, seconds: float = 0, batches: int = run.LEAST) -> None:
    """Ask both; what tells them apart is kept, and told."""
    try:
        run.fuzz(both, first, seconds=seconds, batches=batches)
    except Different as different:
        where = f"kept as {kept.keep(different.sequence)}" if different.sequence else "not kept"
        pytest.fail(f"seed {first}, {where}\n{different}", pytrace=False)
    reaches_the_core(both.tally)


def reaches_the_core(tally: Tally) -> None:
    """It isn't all refused at the door, and stories mostly go as they were meant."""
    assert tally.succeeded.total() > tally.requests / 3
    for act, count in tally.meant.items():
        assert count < 20 or tally.met[act] > count / 2, act


def test_a_difference_is_found_made_small_and_told(monkeypatch: pytest.MonkeyPatch, both: Pair, tmp_path: Path) -> None:
    """One of the two answers a request for one user with another body: the machine finds it, and nothing else with it."""
    spoil(monkeypatch, both.stacks["asgi"], b"GET /api/users/", 200)
    with pytest.raises(Different) as caught:
        run.fuzz(both, 6)
    assert len(caught.value.sequence) == 1
    told = str(caught.value)
    assert told.startswith("curl -i -g --path-as-is -X GET")
    assert "--- wsgi-gthread\n200 OK" in told
    assert "--- asgi\n200 OK" in told
    path = kept.keep(caught.value.sequence, tmp_path / "kept")
    requests_of = [step.request for step in caught.value.sequence]
    assert {name: [step.request for step in found] for name, found in kept.load(path.parent).items()} == {
        path.stem: requests_of
    }


def test_of_a_story_no_more_is_kept_than_it_needs(monkeypatch: pytest.MonkeyPatch, both: Pair) -> None:
    """Who logs out with the token of a login: both are kept, both are told, and it comes again on fresh databases."""
    spoil(monkeypatch, both.stacks["asgi"], b"POST /api/logout", 204)
    story = told(page_acts.looks_around, api_acts.logs_in, api_acts.reads, api_acts.logs_out, page_acts.edits)
    found = both.replay(story)
    assert found is not None
    number, what = found
    smallest = run.smallest(both, Different(what, story[:number]))
    assert [step.request.split()[1] for step in smallest.sequence] == [b"/api/login", b"/api/logout"]
    assert str(smallest).count("curl -i") == 2
    assert both.replay(smallest.sequence) is not None


def test_what_only_the_databases_show_is_a_difference(both: Pair) -> None:
    """Both answer alike, but one of them was asked for more in between."""
    read = Step("", written("GET", "/api/users/7", [("Host", "localhost")]))
    assert both.replay([read]) is None
    stack = both.stacks["asgi"]
    change = [("Host", "localhost"), ("Authorization", "Bearer {bearer:1}")]
    stack.send(written("DELETE", "/api/users/9", change))
    stack.receive()
    told = both.left_behind()
    assert told is not None
    assert "- users (9, 'user0000009'" in told
    assert both.replay([read]) is None


def test_a_lost_connection_is_the_fault_of_the_request_before(monkeypatch: pytest.MonkeyPatch, both: Pair) -> None:
    """One stack closes after an answer that does not say so: found again from what is kept, which is that request alone."""
    usual = Stack.receive

    def receive(self: Stack) -> Answer:
        answer = usual(self)
        if b"/nope" in self.sent and self._socket is not None:
            self._socket.shutdown(socket.SHUT_RDWR)
        return answer

    monkeypatch.setattr(Stack, "receive", receive)
    story = [Step("", written("GET", path, [("Host", "localhost")])) for path in ("/healthz", "/nope", "/users", "/")]
    found = both.replay(story)
    assert found is not None
    number, what = found
    smallest = run.smallest(both, Different(what, story[:number]))
    assert [step.request.split()[1] for step in smallest.sequence] == [b"/nope"]
    assert "said that the connection stays open, and lost it: wsgi-gthread, asgi" in str(smallest)
    assert both.replay([story[0]]) is None


def test_what_only_the_counts_show_is_a_difference(both: Pair) -> None:
    before = both.counted()
    both.stacks["asgi"].send(written("GET", "/users", [("Host", "localhost")]))
    both.stacks["asgi"].receive()
    told = both.counted_apart(before)
    assert told is not None
    assert told.endswith('http_requests_total{method="GET",route="/users",status="200"} 0 1')


def test_every_address_is_asked_for() -> None:
    """Those of the description, the pages with all that they send, and nothing is forgotten."""
    known = {(path, method) for path, views in asgi_app.app.ROUTES.items() for method in views}
    assert {(operation.path, operation.method) for operation in requests.CHOICES} == known


@given(requests.step())
@settings(suppress_health_check=[HealthCheck.too_slow])  # the machine may be in use
def test_every_request_is_whole(made: Step) -> None:
    """It has a request line of three parts, a host, and a head that ends."""
    head, separator, _ = made.request.partition(b"\r\n\r\n")
    line, *headers = head.split(b"\r\n")
    assert separator
    assert line.count(b" ") == 2
    assert headers[0].startswith(b"Host: ")
    assert not any(byte < 0x21 or byte > 0x7E for byte in line.split(b" ")[1])
    assert not {0, 10, 13} & {*b"".join(headers)}  # nor does a byte in one that would end it


def told(*acts: stories.Act) -> list[Step]:
    """A story of these acts, by people who always do the first that they could."""
    simplest = settings(database=None)
    story = Story(cast(DrawFn, lambda strategy: find(strategy, lambda found: True, settings=simplest)))
    for act in acts:
        act(story)
    return story.steps


def spoil(monkeypatch: pytest.MonkeyPatch, stack: Stack, request: bytes, status: int) -> None:
    """From now on this stack gives such requests with such answers a body of its own."""
    usual = Stack.receive

    def receive(self: Stack) -> Answer:
        answer = usual(self)
        found = self is stack and answer.status == status and request in self.sent
        return replace(answer, body=b"{}") if found else answer

    monkeypatch.setattr(Stack, "receive", receive)
