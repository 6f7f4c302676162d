"""A worker is killed in the middle of its work: what had been acknowledged is there, and nothing is there twice."""

from __future__ import annotations

import http.client
import json
import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tandem import serving
from tandem import stacks as tandem_stacks
from tandem.serving import Running
from tandem.usage import scan
from tests.accounts import ADMIN
from tests.clients import HttpClient
from tests.conftest import STACKS, place_for

CLIENTS = 8
LONG_ENOUGH = 10.0
"""Seconds in which clients must have got somewhere; far more than it takes."""


def workers(running: Running) -> list[int]:
    """The processes of a stack that answer requests: those that a master started, or the server itself."""
    servers = {server.pid for server in running.servers}
    return [process.pid for process in scan() if process.parent in servers] or list(servers)


def write(port: int, name: str, stop: threading.Event) -> dict[int, str]:
    """Create users until told to stop; return the acknowledged ones. A request without an answer may have been done or not."""
    acknowledged = {}
    number = 0
    while not stop.is_set():
        number += 1
        username = f"{name}-{number}"
        body = json.dumps({"username": username, "email": f"{username}@example.org"}).encode()
        try:
            answer = HttpClient("127.0.0.1", port).request(
                "POST", "/api/users", {"Content-Type": "application/json", **ADMIN}, body
            )
        except (OSError, http.client.HTTPException):
            continue
        if answer.status == 201:
            acknowledged[json.loads(answer.body)["id"]] = username
    return acknowledged


def written(running: Running) -> int:
    """How many users the stack has beyond a mark that no seed reaches; 0 where it doesn't answer."""
    try:
        answer = HttpClient("127.0.0.1", running.port).request("GET", "/api/users?q=crash-&limit=100")
    except (OSError, http.client.HTTPException):
        return 0
    return len(json.loads(answer.body)["users"]) if answer.status == 200 else 0


def wait_until(condition: object, seconds: float = LONG_ENOUGH) -> bool:
    """Wait until a callable says yes; tell whether it did in time."""
    assert callable(condition)
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


@pytest.mark.parametrize("name", STACKS)
def test_every_acknowledged_write_survives_a_killed_worker(
    name: str, seeded: Path, news_url: str, tmp_path: Path
) -> None:
    place = place_for(tmp_path, seeded, news_url)
    definition = tandem_stacks.load([])[name]
    stop = threading.Event()
    with serving.running(name, definition, place) as running, ThreadPoolExecutor(CLIENTS) as pool:
        found = [pool.submit(write, running.port, f"crash-{client}", stop) for client in range(CLIENTS)]
        try:
            assert wait_until(lambda: written(running) > 40)
            victims = workers(running)
            for victim in victims:
                os.kill(victim, signal.SIGKILL)
            if victims != [running.servers[0].pid]:  # a master puts new workers in their place, and writing goes on
                before = written(running)
                assert wait_until(lambda: running.servers[0].running() and written(running) > min(before, 90))
            time.sleep(0.5)
        finally:
            stop.set()
        acknowledged = [future.result() for future in found]
    together = {user_id: username for each in acknowledged for user_id, username in each.items()}
    assert len(together) == sum(map(len, acknowledged)) > 40  # no id was given twice
    (tmp_path / "again").mkdir()
    again = place_for(tmp_path / "again", tmp_path / "users.db", news_url)
    again = serving.Place(**{**vars(again), "database_url": place.database_url})
    with serving.running(name, definition, again) as running:
        client = HttpClient("127.0.0.1", running.port)
        for user_id, username in together.items():
            answer = client.request("GET", f"/api/users/{user_id}")
            assert (answer.status, json.loads(answer.body)["username"]) == (200, username)
