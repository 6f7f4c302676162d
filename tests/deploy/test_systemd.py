"""The units: systemd itself checks them, and the servers take a socket that it would open."""

from __future__ import annotations

import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from tests.deploy.sites import Site, environment, site
from tests.support.clients import HttpClient
from tests.support.waiting import eventually, until

MISSING = "systemd's tools are not there: install the package systemd"
LARGEST_EXPOSURE = 20  # tenths, of 100; see `systemd-analyze security --help`


@pytest.fixture
def place(request: pytest.FixtureRequest, processes: None, tmp_path: Path, seeded: Path) -> Site:
    """An assembled folder, where systemd's tools are there."""
    if not shutil.which("systemd-analyze") or not shutil.which("systemd-socket-activate"):
        pytest.skip(MISSING)
    return site(tmp_path / "site", request.param, seeded)


def analyzed(*words: object) -> subprocess.CompletedProcess[str]:
    """Run systemd-analyze, and join what it says."""
    command = ["systemd-analyze", *map(str, words)]
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60, check=False)


@pytest.mark.parametrize("place", ["wsgi"], indirect=True)
def test_systemd_finds_no_fault_in_the_units(place: Site) -> None:
    units = place.folder / "systemd"
    for kind in ("service", "socket"):
        (units / f"userdb-asgi@9002.{kind}").symlink_to(f"userdb-asgi@.{kind}")
    whole = sorted(each for each in units.iterdir() if "@." not in each.name)
    assert len(whole) == 6
    done = analyzed("verify", *whole)
    assert (done.returncode, done.stdout) == (0, "")
    for service in units.glob("*.service"):
        if "@." not in service.name:
            done = analyzed("security", "--offline=true", f"--threshold={LARGEST_EXPOSURE}", service)
            assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("place", ["wsgi", "asgi"], indirect=True)
def test_a_server_takes_the_socket_that_systemd_opened(place: Site) -> None:
    command = ["systemd-socket-activate", f"--listen=127.0.0.1:{place.server_port}", str(place.folder / "serve-app")]
    running = subprocess.Popen(command, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        client = HttpClient("127.0.0.1", place.server_port)
        answer = until(lambda: client.request("GET", "/api/users/2"), lambda answer: answer.status == 200)
        assert b'"id":2' in answer.body
    finally:
        running.send_signal(signal.SIGTERM)
        assert running.wait(timeout=60) in (0, -signal.SIGTERM)
    assert eventually(lambda: not place.answers())
