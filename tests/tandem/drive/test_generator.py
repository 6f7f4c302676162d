"""Locust as the harness drives it, with a locustfile of the test's own."""

from __future__ import annotations

import importlib.util
import os
import time
from itertools import pairwise
from pathlib import Path

import pytest

from openloop import lines
from tandem.drive import command, generator
from tandem.drive.command import open_loop
from tandem.drive.generator import Generator
from tandem.errors import RunFailed, TandemError
from tandem.launch import nginx, ports, running_stack
from tandem.launch.running_stack import StackEnvironment
from tandem.observe import samples
from tandem.plan import scenarios, stacks
from tandem.plan.loads import load
from tests.support import toy
from tests.support.locustfile import locustfile


def prepared(tmp_path: Path, load_test: str, port: int) -> Generator:
    few = open_loop(load("read", scenarios.known()["read"], 1, 1, {}, rate=20))
    host, cpus = f"http://127.0.0.1:{port}", sorted(os.sched_getaffinity(0))[-1:]
    return Generator.prepare(
        few,
        load_test=load_test,
        host=host,
        key="k",
        users=10,
        samples=tmp_path / "s.gz",
        log=tmp_path / "log",
        cpus=cpus,
    )


@pytest.mark.usefixtures("alone")
def test_a_block_from_hold_to_samples(tmp_path: Path) -> None:
    """Locust waits until it is released, keeps the load up to the end of the window, and its samples fill the window."""
    load_test = locustfile(tmp_path / "locust")
    (tmp_path / "toy.toml").write_text(toy.table("toy"))
    place = StackEnvironment(
        folder=tmp_path, logs=tmp_path, cpus=sorted(os.sched_getaffinity(0))[:1], database_url="", news_url="",
        nginx=nginx.find(), port=ports.free_port(),
    )  # fmt: skip
    waiting = prepared(tmp_path, load_test, place.port)
    try:
        with running_stack.running("toy", stacks.load([tmp_path / "toy.toml"])["toy"], place) as running:
            waiting.loaded()
            time.sleep(0.5)
            assert "Starting Locust" not in waiting.child.log.read_text()
            released = time.time()
            window = waiting.release()
            waiting.finish(running.check)
    finally:
        waiting.child.kill()
    found = samples.read(waiting.samples)
    inside = samples.within(found, *window)
    assert window.end - window.start == pytest.approx(1)
    assert window.start >= released
    assert len(inside) > 100
    assert set(inside.outcome) == {"ok"}
    assert min(found.due) >= released
    last = max(due + response / 1000 for due, response in zip(found.due, found.response_ms, strict=True))
    assert last > window.end - 0.2  # the time of the hold is not taken off the run


@pytest.mark.usefixtures("processes")
def test_without_samples_the_block_fails_with_locusts_last_lines(tmp_path: Path) -> None:
    load_test = locustfile(tmp_path / "locust", action="pass", leave_samples=False)
    waiting = prepared(tmp_path, load_test, ports.free_port())
    try:
        waiting.loaded()
        waiting.release()
        with pytest.raises(RunFailed, match=r"Locust \(read\)[\s\S]*Shutting down"):
            waiting.finish(lambda: None)
    finally:
        waiting.child.kill()


@pytest.mark.usefixtures("processes")
def test_a_locustfile_that_breaks_is_shown(tmp_path: Path) -> None:
    load_test = locustfile(tmp_path / "locust")
    (Path(load_test) / "locustfile.py").write_text("raise RuntimeError('zebra')")
    waiting = prepared(tmp_path, load_test, ports.free_port())
    try:
        with pytest.raises(RunFailed, match=r"Locust \(read\)[\s\S]*zebra"):
            waiting.loaded()
    finally:
        waiting.child.kill()


def test_the_beginning_of_the_load_is_what_the_load_test_says() -> None:
    assert generator.moment_in(lines.BEGAN, "openloop began 1790000000.123456") == 1790000000.123456
    with pytest.raises(RunFailed, match="another form"):
        generator.moment_in(lines.BEGAN, "openloop began soon")


def test_a_load_test_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(TandemError, match=r"/missing: .*`load_test`"):
        generator.check(tmp_path / "missing")


def test_a_missing_locust_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(TandemError, match="`make setup`"):
        generator.check()


def test_the_call_follows_the_load(tmp_path: Path) -> None:
    drive = open_loop(
        load("waiting", scenarios.known()["waiting"], 4, 2, {"wsgi-gthread": stacks.load()["wsgi-gthread"].budget(1)})
    )
    called = command.command(
        drive, load_test="x", host="http://127.0.0.1:1", key="1-2-waiting", users=99, samples=tmp_path
    )
    pairs = dict(pairwise(called))
    assert (pairs["-u"], pairs["-r"], pairs["-t"], pairs["--arrivals"]) == ("80", "80", "6s", "poisson")
    assert (pairs["--in-flight"], pairs["--request-timeout"], pairs["--stop-timeout"]) == ("1000", "10", "10")
    assert (pairs["--scenario"], pairs["--seed-key"], pairs["--users-in-database"]) == ("waiting", "1-2-waiting", "99")


def test_a_ceiling_is_looked_for_in_a_closed_loop_without_pauses(tmp_path: Path) -> None:
    drive = command.closed_loop("floor", 16, 1, 4)
    pairs = dict(
        pairwise(command.command(drive, load_test="x", host="http://127.0.0.1:1", key="k", users=0, samples=tmp_path))
    )
    assert (pairs["-u"], pairs["-t"], pairs["--arrivals"], pairs["--think-time"]) == ("16", "5s", "closed", "0")
