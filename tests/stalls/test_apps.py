"""Both apps write their stalls where they are asked to, by route, request and line; else they don't know how."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from stalls import summary
from tandem.paths import PROJECT
from tests.support.apps import APPS, in_process, settings_for
from tests.support.clients import WsgiClient
from tests.support.lab import slow_news

KINDS = {"asgi": ("loop", "wait"), "wsgi": ("slots", "slots")}


@pytest.mark.parametrize("app", APPS)
def test_the_laboratory_names_its_own_line(app: str, database: Path, tmp_path: Path) -> None:
    file = tmp_path / "stalls.jsonl"
    with in_process(app, settings_for(database, LAB="1", STALLS_FILE=str(file))) as client:
        assert client.request("GET", "/lab/sleep?ms=300", headers={"X-Request-ID": "one"}).status == 200
        if isinstance(client, WsgiClient):
            client.client.application.wsgi_app.stop()  # type: ignore[attr-defined]  # what a process does at its end
    (stall,) = (stall for stall in summary.read(file) if stall.lines and stall.route)
    assert (stall.watched, stall.kind) == KINDS[app]
    assert (stall.route, stall.request) == ("GET /lab/sleep", "one")
    line = stall.lines[0]
    assert (line.file, line.function, line.inside) == (f"{app}_app/lab.py", "sleep", "sleep")
    assert "time.sleep" in (PROJECT / line.file).read_text().splitlines()[line.line - 1]


@pytest.mark.parametrize("app", APPS)
@pytest.mark.parametrize(("kept", "holder"), [("engine", "pool-held"), ("direct", "database"), ("engine", "lock")])
def test_who_waits_for_a_connection_is_seen(app: str, kept: str, holder: str, database: Path, tmp_path: Path) -> None:
    """One connection for reading and one for writing: who keeps it is named where the store lends them, and who waits counted."""
    file, target = tmp_path / "stalls.jsonl", f"/lab/{holder}?ms=400"
    with slow_news() as news, ThreadPoolExecutor(3) as threads:
        told = {"STORE": kept, "READ_CONNECTIONS": "1", "NEWS_URL": news, "LAB": "1", "STALLS_FILE": str(file)}
        with in_process(app, settings_for(database, **told)) as client:
            answers = [threads.submit(client.request, "GET", target, {"X-Request-ID": "one"})]
            time.sleep(0.1)  # so that it has what the others want
            answers += [threads.submit(client.request, "GET", target) for _ in range(2)]
            assert [answer.result().status for answer in answers] == [200] * 3
            time.sleep(0.1)
            if isinstance(client, WsgiClient):
                client.client.application.wsgi_app.stop()  # type: ignore[attr-defined]  # what a process does at its end
    stall = max((each for each in summary.read(file) if each.kind == "pool"), key=lambda each: each.seconds)
    assert (stall.watched, stall.waiting) == ("connections", 2)
    if kept == "engine":
        assert stall.route == f"GET /lab/{holder}"
        assert len(stall.requests) == 3


@pytest.mark.usefixtures("processes")
@pytest.mark.parametrize("lab", ["0", "1"])
def test_who_does_not_ask_does_not_import_it(lab: str, database: Path, tmp_path: Path) -> None:
    code = """if 1:
        import sys
        from asgi_app.app import create_app as asgi
        from wsgi_app.app import create_app as wsgi
        asgi(), wsgi()
        assert not [name for name in sys.modules if name.partition(".")[0] == "stalls"]
    """
    keys = {"DATABASE_URL": f"sqlite:///{database}", "SESSION_KEYS_FILE": str(tmp_path / "keys")}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT, env={**os.environ, **keys, "LAB": lab}, check=False
    )
    assert done.returncode == 0
