"""One scenario after another in the same web page, in open and in closed loop, and the tab with their arrivals."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from openloop.status import NOT_COMPARABLE
from tandem.launch.ports import free_port
from tests.loadtest.runs import LOADTEST, Page, locust, read
from tests.loadtest.toy import toy, user
from tests.support.waiting import until


def arrivals(page: Page) -> dict[str, str]:
    """The tab, row by row."""
    (table,) = page.statistics()["extended_stats"]
    assert table["key"] == "arrivals"
    return {row["name"]: row["value"] for row in table["data"]}


def wait(page: Page, come_true: Callable[[dict[str, str]], bool]) -> dict[str, str]:
    return until(lambda: arrivals(page), come_true)


def offers(rate: str, rows: dict[str, str]) -> bool:
    """Whether the tab shows so many arrivals per second."""
    return rows["Arrivals per second"] == rate


def lag(rows: dict[str, str]) -> float:
    """The dispatch lag that the tab shows, in ms; 0 where it is not known."""
    shown = rows.get("Dispatch lag p99, last seconds", "unknown")
    return 0.0 if shown == "unknown" else float(shown.removesuffix(" ms"))


def play(page: Page, scenario: str, *expected: str, **more: object) -> int:
    """Play a scenario until its routes were seen, stop it, and return how many requests there were, all good."""
    form = {"user_count": 30, "spawn_rate": 30, "scenario": scenario, **more}
    assert page.post("/swarm", **form)["success"]
    until(page.counts, lambda counts: set(counts) >= set(expected))
    if more["arrivals"] != "closed":  # while it runs: later nothing has been sent in the last seconds
        wait(page, lambda rows: 0 < lag(rows) < 1000)
    page.post("/stop")
    page.wait(lambda now: now["state"] == "stopped")
    counts = page.counts()
    assert set(counts) == set(expected)
    assert not any(failures for _, failures in counts.values())
    return sum(requests for requests, _ in counts.values())


@pytest.fixture
def page(processes: None, request: pytest.FixtureRequest, asgi_url: str, tmp_path: Path) -> Iterator[Page]:
    """The page of a Locust with as many worker processes as the parameter says."""
    clients, port = request.param, free_port()
    options = ["--web-host", "127.0.0.1", "--web-port", port, "-H", asgi_url, "--samples", tmp_path / "samples.gz"]
    more = ["--processes", clients] if clients else []
    with locust(tmp_path / "log", "-f", LOADTEST, *options, *more):
        page = Page(port)
        page.wait(lambda now: not clients or len(now.get("workers", [])) == clients)
        yield page


@pytest.mark.parametrize("page", [0, 2], indirect=True, ids=["one process", "two processes"])
def test_one_run_after_another(page: Page, tmp_path: Path) -> None:
    offered = page.get("/").decode()
    names = ("scenario", "everyday", "waiting", "arrivals", "poisson", "closed", "in_flight", "request_timeout")
    assert all(name in offered for name in (*names, "think_time", "seed_key"))
    assert "allow_remote" not in offered
    assert arrivals(page) == {}

    play(page, "read", "/api/users/{id}", arrivals="closed", think_time=0.05)
    now = wait(page, lambda rows: rows["In flight"] == "0")
    assert (now["Scenario"], now["Arrivals"].partition(":")[0]) == ("read", "closed loop")
    assert NOT_COMPARABLE in now["Arrivals"]

    requests = play(page, "pages", "/", "/users", "/users?q=", "/users/{id}", arrivals="uniform")
    now = wait(page, lambda rows: rows["Due"] == str(requests))
    assert (now["Scenario"], now["Arrivals"], now["Dropped"]) == ("pages", "open loop, uniform", "0")
    # The file holds the last run alone, and all of it: nothing of the first one, nothing of a late worker missing.
    rows = read(tmp_path / "samples.gz")
    assert len([row for row in rows if row["outcome"] == "ok"]) == len(rows) == requests
    assert {row["route"] for row in rows} == {"GET /", "GET /users", "GET /users?q=", "GET /users/{id}"}


@pytest.mark.usefixtures("processes")
def test_the_tab_while_users_are_edited(tmp_path: Path) -> None:
    port = free_port()
    options = ["--web-host", "127.0.0.1", "--web-port", port, "--users-in-database", 100, "--request-timeout", 1]
    form: dict[str, object] = {"scenario": "read", "in_flight": 7, "spawn_rate": 100}
    with toy(lambda path: user(path) if path.endswith("1") else None) as server:
        with locust(tmp_path / "log", "-f", LOADTEST, *options, "-H", server.url):
            page = Page(port)
            page.wait(lambda now: now["state"] == "ready")
            page.post("/swarm", user_count=40, **form)
            now = wait(page, lambda rows: rows.get("In flight") == "7 of 7" and int(rows["Dropped"]) > 10)
            assert now["Arrivals per second"] == "40"
            assert int(now["Due"]) == int(now["Sent"]) + int(now["Dropped"]) > 10
            for users in (90, 3):
                page.post("/swarm", user_count=users, **form)
                wait(page, partial(offers, str(users)))
            page.post("/stop")
            now = wait(page, lambda rows: rows["In flight"] == "0 of 7")
            assert now["Arrivals per second"] == "0"
            requests = sum(number for number, _ in page.counts().values())
            assert int(now["Due"]) == requests
            assert "dropped" in page.get("/logs").decode()


@pytest.mark.usefixtures("processes")
def test_the_page_cannot_lift_the_limit_to_this_machine(tmp_path: Path) -> None:
    port = free_port()
    with locust(tmp_path / "log", "-f", LOADTEST, "--web-host", "127.0.0.1", "--web-port", port):
        page = Page(port)
        page.wait(lambda now: now["state"] == "ready")
        page.post("/swarm", user_count=1, spawn_rate=1, host="http://10.1.2.3", allow_remote="10.1.2.3")
        logs = page.wait_for_log("--allow-remote 10.1.2.3")
        assert "Traceback" not in logs
        assert page.statistics()["user_count"] == 0
