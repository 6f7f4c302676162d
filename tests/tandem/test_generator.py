"""Locust as the harness drives it, with a locustfile of the test's own."""

from __future__ import annotations

import importlib.util
import os
import time
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import pytest

from tandem import generator, nginx, ports, samples, serving, stacks
from tandem.errors import RunFailed, TandemError
from tandem.generator import Generator
from tandem.profiles import load
from tandem.serving import Place
from tests.tandem import toy

# Takes the harness's options and writes samples, as loadtest/ does.
LOCUSTFILE = """
import csv, gzip, time
from locust import HttpUser, constant, events, task
rows = []
@events.init_command_line_parser.add_listener
def options(parser):
    for name in ("--scenario", "--think-time", "--seed-key", "--users-in-database", "--samples"):
        parser.add_argument(name)
@events.request.add_listener
def note(name, response_time, start_time, exception, response, **_):
    rows.append([start_time, response_time, "GET " + name, response.status_code, "failed" if exception else "ok", ""])
@events.quitting.add_listener
def write(environment, **_):
    if {leave_samples}:
        with gzip.open(environment.parsed_options.samples, "wt", newline="") as file:
            csv.writer(file).writerows([{columns!r}, *rows])
class Someone(HttpUser):
    wait_time = constant(0.05)
    @task
    def ask(self):
        {action}
"""


def locustfile(
    folder: Path, monkeypatch: pytest.MonkeyPatch, action: str = 'self.client.get("/x")', leave_samples: bool = True
) -> None:
    """Let the harness drive this locustfile instead of loadtest/."""
    folder.mkdir()
    text = LOCUSTFILE.format(action=action, leave_samples=leave_samples, columns=samples.COLUMNS)
    (folder / "locustfile.py").write_text(text)
    monkeypatch.setattr(generator, "LOADTEST", folder)


def prepared(tmp_path: Path, port: int) -> Generator:
    few = load("read", 1, 1)
    host, cpus = f"http://127.0.0.1:{port}", sorted(os.sched_getaffinity(0))[-1:]
    return Generator.prepare(
        few, host=host, key="k", users=10, samples=tmp_path / "s.gz", log=tmp_path / "log", cpus=cpus
    )


def test_a_block_from_hold_to_samples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Locust waits until it is released, keeps the load up to the end of the window, and its samples fill the window."""
    locustfile(tmp_path / "locust", monkeypatch)
    (tmp_path / "toy.toml").write_text(toy.table("toy"))
    place = Place(
        folder=tmp_path, logs=tmp_path, cpus=sorted(os.sched_getaffinity(0))[:1], database_url="", news_url="",
        nginx=nginx.find(), port=ports.free_port(),
    )  # fmt: skip
    waiting = prepared(tmp_path, place.port)
    try:
        with serving.running("toy", stacks.load([tmp_path / "toy.toml"])["toy"], place) as running:
            waiting.loaded()
            time.sleep(0.5)
            assert "Starting Locust" not in waiting.child.log.read_text()
            released = time.time()
            window = waiting.release()
            waiting.finish(running.check)
    finally:
        waiting.child.kill()
    found = list(samples.read(waiting.samples))
    inside = samples.within(found, *window)
    assert window.end - window.start == pytest.approx(1)
    assert window.start >= released
    assert len(inside) > 100
    assert {sample.outcome for sample in inside} == {"ok"}
    assert min(sample.start for sample in found) >= released
    last = max(sample.start + sample.response_ms / 1000 for sample in found)
    assert last > window.end - 0.2  # the time of the hold is not taken off the run


def test_without_samples_the_block_fails_with_locusts_last_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    locustfile(tmp_path / "locust", monkeypatch, action="pass", leave_samples=False)
    waiting = prepared(tmp_path, ports.free_port())
    try:
        waiting.loaded()
        waiting.release()
        with pytest.raises(RunFailed, match=r"Locust \(read\) left no samples[\s\S]*Shutting down"):
            waiting.finish(lambda: None)
    finally:
        waiting.child.kill()


def test_a_locustfile_that_breaks_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    locustfile(tmp_path / "locust", monkeypatch)
    (tmp_path / "locust" / "locustfile.py").write_text("raise RuntimeError('zebra')")
    waiting = prepared(tmp_path, ports.free_port())
    try:
        with pytest.raises(RunFailed, match=r"Locust \(read\) ended by itself[\s\S]*zebra"):
            waiting.loaded()
    finally:
        waiting.child.kill()


def test_the_time_of_a_log_line_is_its_own() -> None:
    moment = datetime(2026, 11, 20, 22, 5, 5, 949_000)
    assert (
        generator.started_at("[2026-11-20 22:05:05,949] host/INFO/locust.main: Run time limit set")
        == moment.timestamp()
    )
    with pytest.raises(RunFailed, match="another form"):
        generator.started_at("Run time limit set")


def test_a_clone_without_scenarios_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generator, "LOADTEST", tmp_path / "missing")
    with pytest.raises(TandemError, match="no Locust scenarios"):
        generator.check()


def test_a_missing_locust_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(TandemError, match="Locust is missing: run `make setup`"):
        generator.check()


def test_the_call_follows_the_load(tmp_path: Path) -> None:
    command = generator.command(
        load("waiting", 4, 2), host="http://127.0.0.1:1", key="1-2-waiting", users=99, samples=tmp_path
    )
    pairs = dict(pairwise(command))
    assert (pairs["-u"], pairs["-r"], pairs["-t"], pairs["--think-time"]) == ("48", "48", "6s", "0")
    assert (pairs["--scenario"], pairs["--seed-key"], pairs["--users-in-database"]) == ("waiting", "1-2-waiting", "99")
