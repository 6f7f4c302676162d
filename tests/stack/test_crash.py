"""Workers are killed in the middle of their work: what had been acknowledged is there, and nothing is there twice."""

from __future__ import annotations

import json
import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tandem.launch import running_stack
from tandem.plan import stacks as tandem_stacks
from tests.support.apps import in_process, settings_for
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
