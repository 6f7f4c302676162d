"""Both apps write their stalls in the laboratory, by route, request and line; without it they don't know how."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from stalls import summary
from tandem.paths import PROJECT
from tests.support.apps import APPS, in_process, settings_for
from tests.support.clients import WsgiClient

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


@pytest.mark.usefixtures("processes")
@pytest.mark.parametrize("lab", ["LAB=0 with a file", "LAB=1 without one"])
def test_who_does_not_ask_does_not_import_it(lab: str, database: Path, tmp_path: Path) -> None:
    code = """if 1:
        import sys
        from asgi_app.app import create_app as asgi
        from wsgi_app.app import create_app as wsgi
        asgi(), wsgi()
        assert not [name for name in sys.modules if name.partition(".")[0] == "stalls"]
    """
    told = {"LAB": "0", "STALLS_FILE": str(tmp_path / "stalls")} if lab.startswith("LAB=0") else {"LAB": "1"}
    keys = {"DATABASE_URL": f"sqlite:///{database}", "SESSION_KEYS_FILE": str(tmp_path / "keys")}
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, env={**os.environ, **keys, **told}, check=False)
    assert done.returncode == 0
    assert not (tmp_path / "stalls").exists()
