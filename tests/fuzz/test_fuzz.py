"""The same requests, made by a machine, to both stacks: CI asks for longer than everybody else."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given

from tandem import ports, serving
from tests.conftest import first_cpu
from tests.fuzz import kept, pair, run
from tests.fuzz.pair import Answer, Pair
from tests.fuzz.requests import request
from tests.fuzz.run import Different

SECONDS = float(os.environ.get("FUZZ_SECONDS", "15"))
FIXED_SEED = 4
KEPT = kept.load()


@pytest.fixture(scope="module")
def both(seeded: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """Both stacks behind nginx on equal databases, with news that come at once."""
    folder, port = tmp_path_factory.mktemp("fuzz"), ports.free_port()
    with (
        serving.news_stub(port=port, delay=0, logs=folder, cpus=first_cpu()),
        pair.running(folder, seeded, f"http://127.0.0.1:{port}/news") as found,
    ):
        yield found


@pytest.mark.parametrize("name", KEPT)
def test_what_once_told_them_apart_no_longer_does(both: Pair, name: str) -> None:
    for each in KEPT[name]:
        assert both.difference(each) is None, name


@pytest.mark.parametrize("kind", ["fixed", "fresh"])
def test_no_request_tells_the_apps_apart(both: Pair, kind: str) -> None:
    """With a fixed seed, and for half as long with one that is drawn now."""
    first, seconds = (FIXED_SEED, SECONDS) if kind == "fixed" else (secrets.randbelow(2**31), SECONDS / 2)
    before = both.requests
    try:
        run.fuzz(both, seconds, first)
    except Different as different:
        pytest.fail(f"seed {first}, kept as {kept.keep(different.sequence)}\n{different}", pytrace=False)
    assert both.requests > before + 100
    # It isn't all refused at the door: what the API is for is among it, and what it refuses.
    assert {200, 304, 400, 404, 409, 412, 415, 422} <= both.seen.keys()


def test_a_difference_is_found_made_small_and_told(monkeypatch: pytest.MonkeyPatch, both: Pair, tmp_path: Path) -> None:
    """One of the two answers a request for one user with another body: the machine finds it, and nothing else with it."""
    usual = pair.Connection.ask
    changed = both.connections["asgi"]

    def ask(self: pair.Connection, request: bytes) -> Answer:
        answer = usual(self, request)
        found = self is changed and answer.status == 200 and b"GET /api/users/" in request
        return Answer(answer.status, answer.reason, answer.headers, b"{}") if found else answer

    monkeypatch.setattr(pair.Connection, "ask", ask)
    with pytest.raises(Different) as caught:
        run.fuzz(both, 60, 1)
    assert len(caught.value.sequence) == 1
    told = str(caught.value)
    assert told.startswith("curl -i --path-as-is -X GET")
    assert "--- wsgi-gthread\n200 OK" in told
    assert "--- asgi\n200 OK" in told
    path = kept.keep(caught.value.sequence, tmp_path / "kept")
    assert kept.load(path.parent) == {path.stem: caught.value.sequence}


@given(request())
def test_every_request_is_whole(made: bytes) -> None:
    """It has a request line of three parts, a host, and a head that ends."""
    head, separator, _ = made.partition(b"\r\n\r\n")
    line, *headers = head.split(b"\r\n")
    assert separator
    assert line.count(b" ") == 2
    assert b"Host: localhost" in headers
    assert not any(byte < 0x21 or byte > 0x7E for byte in line.split(b" ")[1])
