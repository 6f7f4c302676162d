"""The command `tandem` as a person runs it, for real: started, interrupted, killed."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tandem.launch import ports
from tests.support.clients import HttpClient
from tests.support.people import PASSWORD, Person, authorization, fresh, log_in
from tests.support.processes import alive, descendants
from tests.support.waiting import eventually

pytestmark = pytest.mark.usefixtures("processes")

TANDEM = [sys.executable, "-m", "tandem"]


def a_block_is_under_way(pid: int) -> bool:
    """Whether the comparison has its load, its news, an nginx with a worker, and an app, with or without workers of its own."""
    below = descendants(pid)
    lines = []
    for each in below:
        with suppress(OSError):
            lines.append(Path(f"/proc/{each}/cmdline").read_bytes())
    return len(below) >= 5 and any(b"locust" in line for line in lines)


@contextmanager
def command(*arguments: str, cwd: Path, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """A running `tandem`, killed at the end if it still runs."""
    with (cwd / "output.txt").open("w") as output:
        process = subprocess.Popen(
            [*TANDEM, *arguments], cwd=cwd, env={**os.environ, **environment}, stdout=output, stderr=output, text=True
        )
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def answers(port: int) -> bool:
    """Whether an app answers there."""
    with suppress(OSError, http.client.HTTPException):
        return HttpClient("127.0.0.1", port).request("GET", "/readyz").status == 200
    return False


# fmt: off
COMPARE = [
    "compare", "--scenarios", "floor", "--rounds", "6", "--seconds", "1", "--warmup", "1", "--rate", "50", "--seed", "1",
    "--seed-users", "100", "--allow-dirty", "--quiet-wait", "0",
]
# fmt: on


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_a_comparison_that_is_stopped_leaves_nothing_running_and_can_be_reported(
    tmp_path: Path, number: signal.Signals
) -> None:
    records = tmp_path / "results" / "latest" / "records.jsonl"
    with command(*COMPARE, cwd=tmp_path) as process:
        # A relative results folder, two blocks on disk, and a third one under way.
        measured = eventually(lambda: records.exists() and records.read_bytes().count(b'"type":"block"') >= 2)
        assert measured, (tmp_path / "output.txt").read_text()
        assert eventually(lambda: a_block_is_under_way(process.pid)), (tmp_path / "output.txt").read_text()
        below = descendants(process.pid)
        process.send_signal(number)
        status = process.wait(timeout=60)
    assert status == (-signal.SIGKILL if number == signal.SIGKILL else 128 + number)
    assert eventually(lambda: not alive(below)), alive(below)
    done = subprocess.run(
        [*TANDEM, "report", str(records.parent)], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    summary = json.loads((records.parent / "summary.json").read_text())
    assert (summary["complete"], summary["trusted"]) == (False, False)
    assert (records.parent / "report.html").stat().st_size > 10_000
    if number == signal.SIGKILL:
        assert_it_goes_on_to_its_end(tmp_path, records)


def assert_it_goes_on_to_its_end(folder: Path, records: Path) -> None:
    """Resume the run, and find all its rounds, those of before the interruption as they were."""
    before = records.read_bytes()
    resume = [*TANDEM, "compare", "--resume", "results/latest", "--allow-dirty", "--quiet-wait", "0"]
    done = subprocess.run(resume, cwd=folder, capture_output=True, text=True, check=False, timeout=400)
    assert done.returncode == 0, done.stderr
    assert records.read_bytes().startswith(before)
    lines = [json.loads(line) for line in records.read_text().splitlines()]
    assert [line["type"] for line in lines].count("resumed") == 1
    assert (lines[-1]["type"], lines[-1]["complete"]) == ("end", True)
    assert {line["round"] for line in lines if line["type"] == "block"} == set(range(1, 7))
    assert json.loads((records.parent / "summary.json").read_text())["complete"]
    again = subprocess.run(resume, cwd=folder, capture_output=True, text=True, check=False, timeout=60)
    assert again.returncode == 2
    assert "nothing is missing" in again.stderr


def test_serves_both_apps_until_it_is_interrupted(tmp_path: Path) -> None:
    first, second = ports.free_port(), ports.free_port()
    with command("serve", cwd=tmp_path, WSGI_PORT=str(first), ASGI_PORT=str(second)) as process:
        ready = eventually(lambda: process.poll() is not None or (answers(first) and answers(second)))
        assert ready, (tmp_path / "output.txt").read_text()
        assert HttpClient("127.0.0.1", first).request("GET", "/api/users/7/news").status == 200
        below = descendants(process.pid)
        process.send_signal(signal.SIGINT)
        process.wait(timeout=60)
    assert eventually(lambda: not alive(below)), alive(below)
    said = (tmp_path / "output.txt").read_text()
    assert f"http://127.0.0.1:{first}" in said
    assert f"http://127.0.0.1:{second}" in said


def test_on_one_database_a_login_through_either_port_is_one_at_both(tmp_path: Path) -> None:
    first, second = ports.free_port(), ports.free_port()
    with command("serve", cwd=tmp_path, WSGI_PORT=str(first), ASGI_PORT=str(second), SHARED="1"):
        assert eventually(lambda: answers(first) and answers(second)), (tmp_path / "output.txt").read_text()
        for here, there in ((first, second), (second, first)):
            name = fresh()
            person, other = (Person(HttpClient("127.0.0.1", port)) for port in (here, there))
            fields = {"username": name, "email": f"{name}@example.org", "password": PASSWORD}
            assert person.fill("/register", **fields).status == 303
            other.cookie = person.cookie
            assert other.is_logged_in()
            token = json.loads(log_in(other.client, name, PASSWORD).body)["token"]
            assert person.client.request("GET", "/api/me", authorization(token)).status == 200
            assert other.fill("/logout").status == 303
            assert not person.is_logged_in()
            assert other.client.request("POST", "/api/logout", authorization(token)).status == 204
            assert person.client.request("GET", "/api/me", authorization(token)).status == 401


def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    port = ports.free_port()
    with command("serve", "asgi", "--port", str(port), cwd=tmp_path):
        assert eventually(lambda: answers(port)), (tmp_path / "output.txt").read_text()
        done = subprocess.run(
            [*TANDEM, "serve", "asgi", "--port", str(port)], capture_output=True, text=True, check=False
        )
    assert done.returncode == 2
    assert str(port) in done.stderr
    assert "Traceback" not in done.stderr
