"""Arrivals that wait for nobody: their rate, their sameness, and what a slow, frozen or hanging server makes of them."""

from __future__ import annotations

import json
import math
import os
import signal
import threading
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from tests.loadtest.runs import LOADTEST, Done, left, run, running
from tests.loadtest.toy import Answer, toy, user
from tests.support.waiting import PATIENCE, until

pytestmark = pytest.mark.usefixtures("processes")

READ = ["--scenario", "read", "--users-in-database", 1000]
TWO = ["--processes", 2]


def slowly(path: str) -> Answer:
    time.sleep(0.05)
    return user(path)


def never(_: str) -> None:
    """No answer."""


def accounted(done: Done, *outcomes: str) -> None:
    """Every arrival is in the samples once, and in Locust's statistics."""
    assert len(done.asked) == len(done.samples) == done.requests
    assert {row["outcome"] for row in done.samples} == set(outcomes)
    assert done.failures == len(done.samples) - len(done.outcomes("ok"))
    dropped, unfinished = len(done.outcomes("dropped")), len(done.outcomes("unfinished"))
    sent = len(done.samples) - dropped
    assert f"{len(done.samples)} due, {sent} sent, {dropped} dropped, {unfinished} unfinished;" in done.last_line


@pytest.mark.parametrize(("arrivals", "more"), [("poisson", TWO), ("uniform", [])])
def test_the_rate_is_the_number_of_users(arrivals: str, more: list[object], tmp_path: Path) -> None:
    with toy(slowly) as server:
        done = run(tmp_path, server.url, *READ, *more, "--arrivals", arrivals, users=100, seconds=3)
    assert done.went_well, done.output
    accounted(done, "ok")
    due = done.due
    inner = [at for at in due if due[0] + 0.5 < at <= due[0] + 1.5]  # the rest of the 3 s is for a slow start
    assert len(inner) == pytest.approx(100, abs=5 * math.sqrt(100) if arrivals == "poisson" else 3)
    gaps = [after - before for before, after in pairwise(inner)]
    variation = math.sqrt(sum((gap * 100 - 1) ** 2 for gap in gaps) / len(gaps))
    assert variation > 0.6 if arrivals == "poisson" else variation < 0.6
    if not more:
        return
    by_worker = [{row["due"] for row in done.samples if int(row["arrival"]) % 2 == worker} for worker in (0, 1)]
    assert all(by_worker)
    assert not by_worker[0] & by_worker[1], "their schedules differ"


def test_a_key_repeats_what_is_asked_however_fast_the_server(tmp_path: Path) -> None:
    runs = []
    for answering, more in ((user, []), (slowly, ["--in-flight", 1000]), (user, TWO)):
        with toy(answering) as server:
            runs.append(run(tmp_path, server.url, *READ, *more).asked)
    first, slow, two = runs
    assert "00000000" not in first.values()
    for again in (slow, two):
        common = first.keys() & again.keys()
        assert len(common) > 20
        assert all(first[number] == again[number] for number in common)


@pytest.mark.usefixtures("alone")
def test_a_server_frozen_for_a_second(tmp_path: Path) -> None:
    """A quarter of the arrivals fall into the freeze; each waits for its end."""
    thaw: list[float] = []
    lock = threading.Lock()

    def frozen(path: str) -> Answer:
        with lock:
            if not thaw:
                thaw.append(time.monotonic() + 2.0)
        if thaw[0] - 1.0 < time.monotonic() < thaw[0]:
            time.sleep(max(thaw[0] - time.monotonic(), 0))
        return user(path)

    with toy(frozen) as server:
        done = run(tmp_path, server.url, *READ, users=60, seconds=4)
    assert done.went_well, done.output
    accounted(done, "ok")
    assert done.response_ms(0.5) < 300
    assert 700 < done.response_ms(0.97) < 3000
    assert max(int(row["in_flight"]) for row in done.samples) > 20


@pytest.mark.parametrize("more", [[], [*TWO, "--stop-timeout", 3]])
def test_a_server_that_answers_nothing(more: list[object], tmp_path: Path) -> None:
    with toy(never) as server:
        done = run(tmp_path, server.url, *READ, "--request-timeout", 1.25, "--in-flight", 20, *more)
    assert done.status == 1
    accounted(done, "failed", "dropped")
    (reason,) = {row["reason"] for row in done.outcomes("failed")}
    assert "1.25 s" in reason
    for row in done.outcomes("dropped"):
        assert (row["response_ms"], row["status"], row["asked"], row["reason"]) == ("0.000", "0", "00000000", "")
        assert row["in_flight"] == "20"
    assert "in flight 20" in done.last_line


STOPS: dict[str, Callable[[Path], object]] = {
    "interrupted once more": lambda log: until(log.read_text, lambda text: "Ctrl-C ends the wait" in text),
    "interrupted again at once": lambda log: time.sleep(0.3),
}


@pytest.mark.parametrize("wait", STOPS)
def test_interrupted_while_requests_hang(wait: str, tmp_path: Path) -> None:
    """The first Ctrl-C ends the load and waits for answers, the second ends the wait. Nothing is lost."""
    with toy(never) as server, running(tmp_path, server.url, *READ, "--request-timeout", 300) as process:
        until(lambda: server.asked(), lambda number: number > 10)
        for _ in range(2):
            process.send_signal(signal.SIGINT)
            STOPS[wait](tmp_path / "log")
        status = process.wait(PATIENCE)
        done = left(tmp_path, status)
    assert status == 1
    accounted(done, "unfinished")
    assert len(done.samples) > 10
    assert all(0 < float(row["response_ms"]) < 60_000 for row in done.samples)
    assert "Traceback" not in done.output


def test_interrupted_with_two_processes(tmp_path: Path) -> None:
    """Ctrl-C reaches the whole group at once; what was on its way is waited for."""
    with toy(slowly) as server, running(tmp_path, server.url, *READ, *TWO) as process:
        until(lambda: server.asked(), lambda number: number > 10)
        os.killpg(process.pid, signal.SIGINT)
        done = left(tmp_path, process.wait(PATIENCE))
    assert done.went_well, done.output
    accounted(done, "ok")


def test_a_server_that_hangs_up(tmp_path: Path) -> None:
    """Every request is tried twice at most: the load is what was asked for, not what a library makes of it."""
    with toy(lambda path: (0, {}, b"")) as server:
        done = run(tmp_path, server.url, *READ, users=20, seconds=1)
        asked = server.asked()
    assert done.status == 1
    accounted(done, "failed")
    assert {row["status"] for row in done.samples} == {"0"}
    assert asked <= 2 * len(done.samples)


def test_a_shape_decides_how_many(tmp_path: Path) -> None:
    shape = tmp_path / "shape.py"
    shape.write_text(
        "from locust import LoadTestShape\n"
        "class Steps(LoadTestShape):\n"
        "    def tick(self):\n"
        "        time = self.get_run_time()\n"
        "        return (20, 20) if time < 1.5 else (80, 80) if time < 3.5 else None\n"
    )
    with toy(user) as server, running(tmp_path, server.url, *READ, "-f", f"{LOADTEST},{shape}") as process:
        done = left(tmp_path, process.wait(PATIENCE))
    assert done.went_well, done.output
    accounted(done, "ok")
    start = done.due[0]
    first, last = (sum(begin < at - start < begin + 1 for at in done.due) for begin in (0.2, 2.7))
    assert 5 < first < 45 < last < 125


def test_a_server_that_is_honest_for_its_first_150_requests_is_found(tmp_path: Path) -> None:
    """Then it gives the right user with news that it kept; everything but their text is as it should be."""
    lock, asked = threading.Lock(), 0

    def cheat(path: str) -> Answer:
        nonlocal asked
        with lock:
            asked += 1
            honest = asked <= 150
        name = json.loads(user(path.removesuffix("/news"))[2])["username"]
        about = name if honest else "user0000001"
        items = [{"title": f"News {n} for {about}", "url": f"https://news.example.org/{about}/{n}"} for n in (1, 2, 3)]
        return 200, {"Content-Type": "application/json"}, json.dumps({"user": name, "items": items}).encode()

    with toy(cheat) as server:
        options = ["--scenario", "waiting", "--users-in-database", 1000]
        done = run(tmp_path, server.url, *options, users=100, seconds=3)
    assert done.status == 1
    assert len(done.outcomes("ok")) == 150
    assert len(done.outcomes("failed")) > 20
    assert all(row["reason"].startswith("item: expected {'title': 'News 1 for ") for row in done.outcomes("failed"))
