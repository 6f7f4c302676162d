"""The news stub, over HTTP."""

from __future__ import annotations

import asyncio
import http.client
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tandem.launch import news as news_service
from tandem.launch import ports
from tandem.launch.newsstub import Behaviour, behaviour, news
from tandem.paths import PROJECT
from tests.support.waiting import PATIENCE, until


@pytest.fixture(scope="module")
def port(processes: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """A running stub that answers at once unless the call says otherwise."""
    number = ports.free_port()
    with news_service.stub(port=number, delay=0, logs=tmp_path_factory.mktemp("stub"), cpus=[]):
        yield number


def get(port: int, target: str) -> tuple[int, Any, float]:
    """Return status, JSON and seconds of one call."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    began = time.monotonic()
    connection.request("GET", target)
    answer = connection.getresponse()
    body = json.loads(answer.read())
    connection.close()
    return answer.status, body, time.monotonic() - began


def test_three_items_depend_on_the_name_alone(port: int) -> None:
    status, first, _ = get(port, "/news?user=user0000007")
    assert status == 200
    assert len(first["items"]) == 3
    assert first == get(port, "/news?user=user0000007")[1]
    assert first != get(port, "/news?user=admin")[1]
    assert set(first["items"][0]) == {"title", "url"}


def test_odd_names_are_answered(port: int) -> None:
    for name in ("", "a b&c", "ü\N{SNOWMAN}", "x" * 500):
        assert get(port, f"/news?user={quote(name)}")[1] == json.loads(news(name))


def test_delay_and_error_rate_count_for_the_call(port: int) -> None:
    status, _, took = get(port, "/news?user=x&delay=0.3")
    assert (status, took >= 0.3) == (200, True)
    assert get(port, "/news?user=x&error_rate=1")[0] == 500
    assert get(port, "/news?user=x")[0] == 200


def test_errors_come_in_the_given_share(port: int) -> None:
    statuses = [get(port, "/news?user=x&error_rate=0.5")[0] for _ in range(60)]
    assert 5 < statuses.count(500) < 55


@pytest.mark.parametrize("query", ["delay=x", "delay=-1", "delay=61", "jitter=nan", "error_rate=1.5"])
def test_nonsense_is_refused_with_the_name_of_the_field(port: int, query: str) -> None:
    status, body, _ = get(port, f"/news?user=x&{query}")
    assert status == 422
    assert query.split("=")[0] in body["error"]


def test_other_paths_are_not_found(port: int) -> None:
    assert get(port, "/ready")[:2] == (200, {"status": "ok"})
    assert get(port, "/elsewhere")[0] == 404


def test_many_waits_go_on_at_once(port: int) -> None:
    """1,500 calls of a second each would take 25 minutes one after another."""

    async def call() -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /news?user=x&delay=1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        line = await reader.readline()
        await reader.read()
        writer.close()
        await writer.wait_closed()
        return line

    async def calls() -> list[bytes]:
        # in groups that the listening socket's queue can take, all waiting at the same time
        tasks: list[asyncio.Task[bytes]] = []
        for _ in range(15):
            tasks += [asyncio.create_task(call()) for _ in range(100)]
            await asyncio.sleep(0.02)
        return await asyncio.gather(*tasks)

    _allow_open_files(4096)
    began = time.monotonic()
    assert set(asyncio.run(calls())) == {b"HTTP/1.1 200 OK\r\n"}
    assert time.monotonic() - began < 1500 / 10  # a tenth of that, on a machine in use


def _allow_open_files(number: int) -> None:
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < number:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(number, hard), hard))


def test_what_is_given_replaces_what_is_usual() -> None:
    assert behaviour({"delay": "0.5"}, Behaviour(0.1, 0.02, 0.3)) == Behaviour(0.5, 0.02, 0.3)


def stub(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tandem.launch.newsstub", *arguments]
    return subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=PATIENCE, check=False)


def test_a_wrong_call_is_a_sentence(port: int) -> None:
    for arguments, says in [
        (["--delay", "x"], "delay must be a number from 0 to 60"),
        (["--error-rate", "2"], "error_rate must be"),
        (["--port", str(port)], f"port {port} is in use"),
    ]:
        done = stub(*arguments)
        assert done.returncode == 2
        assert says in done.stderr
        assert "Traceback" not in done.stderr


@pytest.mark.usefixtures("processes")
def test_it_says_that_it_is_ready(tmp_path: Path) -> None:
    number = ports.free_port()
    with news_service.stub(port=number, delay=0, logs=tmp_path, cpus=[]) as child:
        # It answers before it says so.
        (line,) = until(child.log.read_text, lambda said: said.endswith("\n")).splitlines()
        assert line.endswith(f" http://127.0.0.1:{number}/news")
