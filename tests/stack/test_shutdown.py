"""A server that is told to stop finishes what it has begun, and then ends within a bound."""

from __future__ import annotations

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tandem import ports, serving
from tandem import stacks as tandem_stacks
from tests.clients import Answer, HttpClient
from tests.conftest import STACKS, first_cpu, place_for

NEWS_SECONDS = 1.0
"""How long a request is under way; less than the 2 s that every server gives at its end (`tandem/stacks.toml`)."""

BOUND = 20.0
"""Seconds in which a server must have ended; far more than it takes."""


@pytest.mark.parametrize("name", STACKS)
def test_requests_under_way_are_answered_before_the_end(name: str, seeded: Path, tmp_path: Path) -> None:
    news_port, begun = ports.free_port(), threading.Event()

    def ask(port: int) -> Answer:
        begun.set()
        return HttpClient("127.0.0.1", port).request("GET", "/api/users/7/news")

    with serving.news_stub(port=news_port, delay=NEWS_SECONDS, logs=tmp_path, cpus=first_cpu()):
        place = place_for(tmp_path, seeded, f"http://127.0.0.1:{news_port}/news")
        with (
            serving.running(name, tandem_stacks.load([])[name], place) as running,
            ThreadPoolExecutor(2) as pool,
        ):
            answers = [pool.submit(ask, running.port) for _ in range(2)]
            assert begun.wait(BOUND)
            time.sleep(NEWS_SECONDS / 2)  # both wait for the news by now
            for server in running.servers:
                server.terminate()
            assert all(server.wait(BOUND) for server in running.servers)
            found = [answer.result() for answer in answers]
            assert [answer.status for answer in found] == [200, 200]
            assert all(len(json.loads(answer.body)["items"]) == 3 for answer in found)
            late = HttpClient("127.0.0.1", running.port).request("GET", "/api/users/7")
            assert late.status == 502  # nginx says that nobody is there any more
