"""The routes that block on purpose: there only when asked for, bounded, and blocking where they say."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from asgi_app import lab
from tests.support.apps import APPS, in_process, settings_for
from tests.support.clients import Client
from tests.support.problems import faults, problem
from userdb import openapi

PATHS = list(lab.ROUTES)


@pytest.fixture(params=APPS)
def app(request: pytest.FixtureRequest) -> str:
    """Each app in turn."""
    found: str = request.param
    return found


@pytest.fixture
def blocking(app: str, database: Path) -> Iterator[Client]:
    """The app with its laboratory."""
    with in_process(app, settings_for(database, LAB="1")) as client:
        yield client


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("value", ["0", "", "yes"])
def test_without_lab_there_is_no_such_route(app: str, path: str, value: str, database: Path) -> None:
    with in_process(app, settings_for(database, LAB=value)) as client:
        for method in ("GET", "POST", "OPTIONS"):
            problem(client.request(method, f"{path}?ms=1"), 404)


def test_it_is_not_part_of_the_api() -> None:
    assert not [operation for operation in openapi.OPERATIONS if operation.path.startswith("/lab")]


@pytest.mark.parametrize("path", PATHS)
def test_says_how_long_it_was_asked_to_block(blocking: Client, path: str) -> None:
    answer = blocking.request("GET", f"{path}?ms=2")
    assert (answer.status, answer.header("Content-Type")) == (200, "application/json")
    assert json.loads(answer.body) == {"blocked_ms": 2}


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("query", ["", "?ms=", "?ms=0", "?ms=10001", "?ms=1.5", "?ms=-1", "?ms=%D9%A7", "?ms=1&ms=2"])
def test_a_duration_that_makes_no_sense_is_refused(blocking: Client, path: str, query: str) -> None:
    assert faults(blocking.request("GET", path + query)) == ["ms"]


def test_other_parameters_and_methods_are_refused(blocking: Client) -> None:
    assert faults(blocking.request("GET", "/lab/sleep?ms=1&s=1")) == ["s"]
    assert problem(blocking.request("POST", "/lab/sleep?ms=1"), 405)
    assert blocking.request("OPTIONS", "/lab/sleep").header("Allow") == "GET, HEAD, OPTIONS"


@pytest.mark.parametrize(("path", "on_the_loop"), [("/lab/sleep", True), ("/lab/sleep-in-thread", False)])
def test_it_blocks_where_it_says(
    app: str, blocking: Client, path: str, on_the_loop: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the ASGI app on the event loop, whose thread has a running loop, or off it; the WSGI app has none at all."""
    seen = []

    def sleep(seconds: float) -> None:
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            seen.append((seconds, False))
        else:
            seen.append((seconds, True))

    monkeypatch.setattr(time, "sleep", sleep)
    blocking.request("GET", f"{path}?ms=1500")
    assert seen == [(1.5, on_the_loop and app == "asgi")]
