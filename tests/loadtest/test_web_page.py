"""One scenario after another in the same web page."""

from __future__ import annotations

from pathlib import Path

import pytest

from tandem.ports import free_port
from tests.loadtest.runs import LOADTEST, Page, locust, read, until


def play(page: Page, scenario: str, *expected: str) -> int:
    """Play a scenario until its routes were seen, stop it, and return how many requests there were, all good."""
    form = {"user_count": 6, "spawn_rate": 6, "scenario": scenario, "think_time": 0.05}
    assert page.post("/swarm", **form)["success"]
    until(page.counts, lambda counts: set(counts) >= set(expected))
    page.post("/stop")
    counts = page.counts()
    assert set(counts) == set(expected)
    assert not any(failures for _, failures in counts.values())
    return sum(requests for requests, _ in counts.values())


@pytest.mark.parametrize("processes", [0, 2])
def test_two_scenarios_in_a_row(processes: int, asgi_url: str, tmp_path: Path) -> None:
    port, samples = free_port(), tmp_path / "samples.gz"
    options = ["--web-host", "127.0.0.1", "--web-port", port, "-H", asgi_url, "--samples", samples]
    more = ["--processes", processes] if processes else []
    with locust(tmp_path / "log", "-f", LOADTEST, *options, *more):
        page = Page(port)
        page.wait(lambda now: not processes or len(now.get("workers", [])) == processes)
        offered = page.get("/").decode()
        assert all(name in offered for name in ("scenario", "everyday", "waiting", "think_time", "seed_key"))
        assert "allow_remote" not in offered
        play(page, "read", "/api/users/{id}")
        page.wait(lambda now: not processes or now["state"] == "stopped")
        requests = play(page, "pages", "/", "/users", "/users?q=", "/users/{id}")
        # The file holds the last run alone, and all of it: nothing of the first one, nothing of a late worker missing.
        rows = read(samples)
    assert len([row for row in rows if row["outcome"] == "ok"]) == requests
    assert {row["route"] for row in rows} == {"GET /", "GET /users", "GET /users?q=", "GET /users/{id}"}


def test_the_page_cannot_lift_the_limit_to_this_machine(tmp_path: Path) -> None:
    port = free_port()
    with locust(tmp_path / "log", "-f", LOADTEST, "--web-host", "127.0.0.1", "--web-port", port):
        page = Page(port)
        page.wait(lambda now: now["state"] == "ready")
        page.post("/swarm", user_count=1, spawn_rate=1, host="http://10.1.2.3", allow_remote="10.1.2.3")
        logs = page.wait_for_log("10.1.2.3 is not this machine")
        assert "Traceback" not in logs
        assert page.statistics()["user_count"] == 0
