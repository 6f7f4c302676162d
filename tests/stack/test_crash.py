"""Workers are killed in the middle of their work: what had been acknowledged is there, and nothing is there twice."""

from __future__ import annotations

import http.client
import json
import os
import signal
import threading
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tandem.launch import running_stack
from tandem.launch.running_stack import RunningStack
from tandem.observe.usage import scan
from tandem.plan import stacks as tandem_stacks
from tests.support.accounts import ADMIN_JSON
from tests.support.answers import Answer
from tests.support.apps import in_process, settings_for
from tests.support.clients import HttpClient
from tests.support.processes import server
from tests.support.stacks import environment_for
from tests.support.waiting import eventually

CLIENTS = 8
WORKERS = {"wsgi-sync": 3, "wsgi-gthread": 1, "asgi": 0, "wsgi-direct": 1, "asgi-direct": 0}
"""How many processes a master has started that answer requests, on one CPU; uvicorn answers by itself and has no master."""

GONE = -1
"""Instead of an age: the user was removed."""


class Ledger:
    """What each user may be by now: the age that was acknowledged last, or one that was sent since without an answer."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.acknowledged = 0
        self.created: list[int] = []
        self.ages: dict[int, set[int]] = defaultdict(set)

    def sent(self, user_id: int, age: int) -> None:
        """The user may become so from now on."""
        with self.lock:
            self.ages[user_id].add(age)

    def answered(self, user_id: int, age: int) -> None:
        """The user is so."""
        with self.lock:
            self.acknowledged += 1
            self.ages[user_id] = {age}


def workers(running: RunningStack) -> list[int]:
    """The processes that a master has started to answer requests."""
    servers = {server(keeper) for keeper in running.keepers()}
    return [process.pid for process in scan() if process.parent in servers]


def ask(port: int, method: str, path: str, value: dict[str, Any]) -> Answer | None:
    """The answer to one request, None where there is none that says whether it was done."""
    try:
        answer = HttpClient("127.0.0.1", port).request(method, path, ADMIN_JSON, json.dumps(value).encode())
    except (OSError, http.client.HTTPException):
        return None
    assert answer.status < 500 or answer.status == 502, answer  # nginx: nobody is there
    return answer if answer.status < 500 else None


def write(port: int, name: str, ledger: Ledger, stop: threading.Event) -> None:
    """Create users, change them, and remove every third of them, until told to stop."""
    number = 0
    while not stop.is_set():
        number += 1
        username = f"{name}-{number}"
        answer = ask(port, "POST", "/api/users", {"username": username, "email": f"{username}@example.org", "age": 1})
        if answer is None:
            continue
        assert answer.status == 201, answer
        user_id = json.loads(answer.body)["id"]
        ledger.created.append(user_id)
        ledger.answered(user_id, 1)
        path = f"/api/users/{user_id}"
        ledger.sent(user_id, 2)
        if (answer := ask(port, "PATCH", path, {"age": 2})) is None:
            continue
        assert answer.status == 200, answer
        ledger.answered(user_id, 2)
        if number % 3 == 0:
            ledger.sent(user_id, GONE)
            if (answer := ask(port, "DELETE", path, {})) is not None:
                assert answer.status == 204, answer
                ledger.answered(user_id, GONE)


@pytest.mark.parametrize("name", WORKERS)
def test_every_acknowledged_write_survives_a_killed_worker(
    name: str, seeded: Path, news_url: str, tmp_path: Path
) -> None:
    place = environment_for(tmp_path, seeded, news_url)
    definition = tandem_stacks.load([])[name]
    stop, ledger = threading.Event(), Ledger()
    with running_stack.running(name, definition, place) as running, ThreadPoolExecutor(CLIENTS) as pool:
        found = [pool.submit(write, running.port, f"crash-{client}", ledger, stop) for client in range(CLIENTS)]
        try:
            assert eventually(lambda: ledger.acknowledged > 100)
            victims = workers(running)
            assert len(victims) == WORKERS[name]
            for victim in victims or [server(running.keepers()[0])]:
                os.kill(victim, signal.SIGKILL)
            if victims:  # the master puts new workers in their place, and writing goes on
                before = ledger.acknowledged
                assert eventually(lambda: running.servers[0].running() and ledger.acknowledged > before + 100)
                assert not set(workers(running)) & set(victims)
            else:
                assert eventually(lambda: not running.servers[0].running())
        finally:
            stop.set()
        for future in found:
            future.result()
    assert len(ledger.created) == len(set(ledger.created))  # no id was given twice
    assert {GONE} in ledger.ages.values()
    app, _, store = name.partition("-")
    settings = settings_for(tmp_path / "users.db", STORE="direct" if store == "direct" else "engine")
    with in_process(app, settings) as client:
        for user_id, ages in ledger.ages.items():
            answer = client.request("GET", f"/api/users/{user_id}")
            assert answer.status in (200, 404)
            assert (json.loads(answer.body)["age"] if answer.status == 200 else GONE) in ages
