"""Whoever writes logs in: each process once, before it sends anything; and what is said where that is refused."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from tandem.launch.ports import free_port
from tests.loadtest.runs import LOADTEST, Page, locust, run
from tests.loadtest.toy import Answer, Toy, token, toy, user
from tests.support.waiting import until

SECRET = "secret-words-of-nobody"


def forbidden(path: str) -> Answer:
    return (403, {}, b"{}") if path == "/api/users" else user(path)


def refusing(status: int) -> Answer:
    return status, {"Retry-After": "9"}, b'{"detail":"no"}'


@pytest.mark.parametrize("clients", [1, 2])
@pytest.mark.usefixtures("processes")
def test_each_process_logs_in_once_and_writes_with_its_token(clients: int, tmp_path: Path) -> None:
    more = ["--processes", clients] if clients > 1 else []
    with toy(forbidden) as server:
        options = ["--login-name", "user0000007", "--login-password", SECRET, *more]
        done = run(tmp_path, server.url, "--scenario", "write", *options)
    assert server.logins == [{"username": "user0000007", "password": SECRET}] * clients
    assert set(server.authorizations) == {f"Bearer t{number + 1}" for number in range(clients)}
    assert sum(server.authorizations.values()) == done.requests > 20
    assert done.status == 1
    assert {row["reason"] for row in done.outcomes("failed")} == {"status: expected 201, got 403"}
    assert done.requests == done.failures
    assert SECRET not in done.output


@pytest.mark.usefixtures("processes")
def test_who_only_reads_does_not_log_in(tmp_path: Path) -> None:
    with toy(user) as server:
        done = run(tmp_path, server.url, "--scenario", "read", "--users-in-database", 100, seconds=1)
    assert done.went_well
    assert server.logins == []


@pytest.mark.usefixtures("processes")
def test_a_refusal_ends_the_run_with_a_sentence_and_nothing_else(tmp_path: Path) -> None:
    """What is said of each status: test_database.py."""
    with toy(user, lambda _: refusing(429)) as server:
        done = run(tmp_path, server.url, "--scenario", "write", "--login-password", SECRET)
        assert server.asked() == 0
    assert done.status == 1
    [line] = done.output.splitlines()
    assert line.startswith(f"{server.url}/api/login ")
    assert "(429)" in line
    assert SECRET not in line
    assert not done.samples


@pytest.mark.usefixtures("processes")
def test_a_refusal_of_one_of_two_processes_ends_the_run_too(tmp_path: Path) -> None:
    with toy(forbidden, lambda number: token(number) if number == 1 else refusing(503)) as server:
        done = run(tmp_path, server.url, "--scenario", "write", "--processes", 2, seconds=20)
    assert done.status == 1
    assert len(server.logins) == 2
    assert done.output.count("(503)") == 1
    assert "Traceback" not in done.output


def page_of(port: int, processes: int) -> Page:
    page = Page(port)
    page.wait(lambda now: not processes or len(now.get("workers", [])) == processes)
    return page


def refusal(server: Toy) -> str:
    return rf"{server.url}/api/login \D+ \(401\)"


def refused_and_stopped(page: Page, server: Toy, times: int, processes: int) -> None:
    """The page says why, and the run has stopped."""
    until(lambda: page.get("/logs").decode(), lambda logs: len(re.findall(refusal(server), logs)) == times)
    time.sleep(2.5)  # the page's statistics lag by 2 s
    page.wait(lambda now: now["state"] in ("ready", "stopped") and len(now.get("workers", [])) == processes)
    assert "Traceback" not in page.get("/logs").decode()


@pytest.mark.parametrize("clients", [0, 2])
@pytest.mark.usefixtures("processes")
def test_in_the_web_page(clients: int, tmp_path: Path) -> None:
    """It shows neither the password nor who logs in, and after a refusal another run can begin."""
    port = free_port()
    options = ["--web-host", "127.0.0.1", "--web-port", port, "--users-in-database", 100, "--login-password", SECRET]
    more = ["--processes", clients] if clients else []
    form: dict[str, object] = {"user_count": 30, "spawn_rate": 5}
    with toy(user, lambda _: refusing(401)) as server:
        with locust(tmp_path / "log", "-f", LOADTEST, *options, "-H", server.url, *more):
            page = page_of(port, clients)
            for times in (1, 2):
                answer = page.post("/swarm", scenario="write", **form)
                assert not answer["success"]
                assert re.match(refusal(server), answer["message"])
                refused_and_stopped(page, server, times, clients)
            shown = page.get("/").decode() + page.get("/logs").decode() + page.get("/stats/requests").decode()
            assert SECRET not in shown
            assert "login_" not in shown
            assert page.post("/swarm", scenario="read", **form)["success"]
            until(page.counts, lambda counts: counts.get("/api/users/{id}", (0, 0))[0] > 20)
            page.post("/stop")
    assert SECRET not in (tmp_path / "log").read_text()
    assert sum(server.authorizations.values()) == 0
