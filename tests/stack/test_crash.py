"""Workers are killed in the middle of their work: what had been acknowledged is there, and nothing is there twice, or by half."""

from __future__ import annotations

import http.client
import json
import os
import signal
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from tandem.launch import running_stack
from tandem.plan import stacks as tandem_stacks
from tests.support.accounts import ADMIN
from tests.support.apps import in_process, settings_for
from tests.support.clients import HttpClient
from tests.support.files import UPLOAD, people, upload
from tests.support.ledger import CLIENTS, GONE, Ledger, workers, write
from tests.support.processes import server
from tests.support.stacks import environment_for
from tests.support.waiting import eventually

WORKERS = {"wsgi-sync": 3, "wsgi-gthread": 1, "asgi": 0, "wsgi-direct": 1, "asgi-direct": 0}
"""How many processes a master has started that answer requests, on one CPU; uvicorn answers by itself and has no master."""


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


IMPORTS, LINES = 100, 40


@pytest.mark.parametrize("name", ["wsgi-gthread", "asgi", "wsgi-direct", "asgi-direct"])
def test_of_a_hundred_files_that_are_imported_at_once_none_is_there_by_half_after_a_kill(
    name: str, seeded: Path, news_url: str, tmp_path: Path
) -> None:
    place = environment_for(tmp_path, seeded, news_url)

    def send(number: int) -> int:
        body = upload(people(LINES, f"import{number}"))
        try:
            return (
                HttpClient("127.0.0.1", place.port)
                .request("POST", "/api/users/import", {**ADMIN, **UPLOAD}, body)
                .status
            )
        except (OSError, http.client.HTTPException):
            return 0

    definition = tandem_stacks.load([])[name]
    with running_stack.running(name, definition, place) as running, ThreadPoolExecutor(IMPORTS) as pool:
        answers = [pool.submit(send, number) for number in range(IMPORTS)]
        assert eventually(lambda: sum(each.done() for each in answers) >= IMPORTS // 10)
        for victim in workers(running) or [server(running.keepers()[0])]:
            os.kill(victim, signal.SIGKILL)
        statuses = [each.result() for each in answers]
    assert {201} < set(statuses) <= {0, 201, 502, 503}  # nobody, too many at once
    with closing(sqlite3.connect(tmp_path / "users.db")) as connection:
        for number, status in enumerate(statuses):
            found = connection.execute("SELECT count(*) FROM users WHERE username LIKE ?", (f"import{number}-%",))
            assert found.fetchone()[0] in ({LINES} if status == 201 else {0, LINES}), (number, status)
