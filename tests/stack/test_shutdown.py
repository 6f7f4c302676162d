"""A server that is told to stop finishes what it has begun, and ends within a bound also where that would take longer."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from tandem.launch import running_stack
from tandem.launch.running_stack import RunningStack
from tandem.plan import stacks as tandem_stacks
from tandem.plan.definition import Definition
from tests.support.answers import Answer
from tests.support.clients import HttpClient
from tests.support.news import news_service
from tests.support.stacks import DIRECT, STACKS, environment_for

pytestmark = pytest.mark.usefixtures("processes")

NEWS_SECONDS = 1.0
"""How long a request is under way."""

GRACE = {"--graceful-timeout": "30", "--timeout-graceful-shutdown": "30"}
"""What servers give requests at their end, instead of 2 s: on a machine in use an answer may take that long."""

BOUND = 60.0
"""Seconds in which a server must have ended; far more than it takes."""


@contextmanager
def under_way(
    definition: Definition, seeded: Path, folder: Path, seconds: float
) -> Iterator[tuple[RunningStack, list[Future[Answer]]]]:
    """A stack, and two requests that wait in it for the news, which take so many seconds."""
    arrived = threading.Semaphore(0)

    def reply(query: dict[str, str], release: threading.Event) -> tuple[int, bytes]:
        arrived.release()
        release.wait(seconds)
        return 200, b'{"items": [{"title": "a", "url": "/a"}]}'

    with news_service(reply) as url, ThreadPoolExecutor(2) as pool:
        with running_stack.running("stack", definition, environment_for(folder, seeded, url)) as running:
            client = HttpClient("127.0.0.1", running.port)
            answers = [pool.submit(client.request, "GET", "/api/users/7/news") for _ in range(2)]
            came = [arrived.acquire(timeout=BOUND) for _ in answers]
            assert all(came), [answer.result() for answer in answers]
            yield running, answers


def patient(name: str) -> Definition:
    """The stack, with servers that give requests under way more time."""
    found = tandem_stacks.load([])[name]
    command = [GRACE.get(before, part) for before, part in zip(["", *found.command], found.command, strict=False)]
    assert command != found.command
    return msgspec.structs.replace(found, command=command)


@pytest.mark.parametrize("name", [*STACKS, *DIRECT])
def test_requests_under_way_are_answered_before_the_end(name: str, seeded: Path, tmp_path: Path) -> None:
    with under_way(patient(name), seeded, tmp_path, NEWS_SECONDS) as (running, answers):
        stop(running)
        found = [answer.result() for answer in answers]
        assert [answer.status for answer in found] == [200, 200]
        assert all(len(json.loads(answer.body)["items"]) == 1 for answer in found)
        late = HttpClient("127.0.0.1", running.port).request("GET", "/api/users/7")
        assert late.status == 502  # nginx says that nobody is there any more


@pytest.mark.parametrize("name", STACKS)
def test_requests_that_take_too_long_end_with_the_server(name: str, seeded: Path, tmp_path: Path) -> None:
    with under_way(tandem_stacks.load([])[name], seeded, tmp_path, 60) as (running, answers):
        stop(running)
        for answer in answers:
            found = answer.result()
            assert (found.status, found.header("Content-Type")) == (502, "application/problem+json")
            assert json.loads(found.body)["status"] == 502


def stop(running: RunningStack) -> None:
    """Tell the servers to stop; they end in time."""
    for server in running.servers:
        server.terminate()
    assert all(server.wait(BOUND) for server in running.servers)
