"""A real supervisord on an assembled folder: it starts both, starts again what was killed, and stops all."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from tests.deploy.sites import Site, environment, site
from tests.support.processes import alive, descendants
from tests.support.waiting import eventually

BIN = Path(sys.executable).parent


@contextmanager
def supervised(place: Site) -> Iterator[subprocess.Popen[bytes]]:
    """A supervisord that runs what the folder says."""
    command = [str(BIN / "supervisord"), "--nodaemon", "-c", str(place.folder / "supervisord.conf")]
    running = subprocess.Popen(command, env=environment(), stdout=subprocess.DEVNULL)
    try:
        yield running
    finally:
        running.terminate()
        running.wait()


def control(place: Site, *words: str) -> str:
    """What supervisorctl says."""
    command = [str(BIN / "supervisorctl"), "-c", str(place.folder / "supervisord.conf"), *words]
    return subprocess.run(command, env=environment(), capture_output=True, text=True, timeout=120, check=False).stdout


def is_another(place: Site, program: str, before: int) -> bool:
    """Whether a program runs again, after its process `before` was killed; not asked more often than twice a second."""
    time.sleep(0.5)
    return int(control(place, "pid", program)) not in (0, before)


@pytest.mark.usefixtures("processes")
@pytest.mark.parametrize("app", ["wsgi", "asgi"])
def test_what_is_killed_is_started_again_and_stop_stops_all(tmp_path: Path, seeded: Path, app: str) -> None:
    place = site(tmp_path / "site", app, seeded)
    with supervised(place) as running:
        assert eventually(place.answers), (place.folder / "log" / "app.log").read_text()
        for program in ("app", "nginx"):
            before = int(control(place, "pid", program))
            os.kill(before, signal.SIGKILL)
            assert eventually(partial(is_another, place, program, before))
            assert eventually(place.answers), control(place, "status")
        # nginx has a worker again: its master's predecessor left one behind, which kept the port.
        assert eventually(lambda: descendants(int(control(place, "pid", "nginx")))), control(place, "status")
        below = descendants(running.pid)
        assert "Shut down" in control(place, "shutdown")
        assert running.wait(timeout=120) == 0
    assert eventually(lambda: not any(map(alive, below)))
    assert (place.folder / "log" / "app.log").stat().st_size
