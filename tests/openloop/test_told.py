"""Whose fault it was: a late generator and a load test's own mistakes are told as such, by real Locust."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.loadtest.runs import LIGHT, Done, left, locust
from tests.loadtest.toy import toy

HEAD = """
from gevent.monkey import get_original
from openloop.api import OpenLoopUser, Request, Scenario, offer

sleep = get_original("time", "sleep")


def late(answer):
    sleep(0.02)  # nothing else happens in the generator meanwhile


def mistaken(answer):
    answer.no_such_thing


def start(process):
    return None.nothing


def slowly(process):
    import gevent
    gevent.sleep(30)


def scenario(check):
    return Scenario(lambda process: lambda random: Request("GET", "/item", "/item", check))


offer({"late": scenario(late), "mistaken": scenario(mistaken), "broken": Scenario(start), "slow": Scenario(slowly)})
"""


def played(scenario: str, folder: Path, *more: object) -> Done:
    (folder / "locustfile.py").write_text(HEAD)
    options = ["--headless", "-u", 60, "-r", 60, "-t", "2s", "--samples", "samples.gz", "--json-file", "statistics"]
    with toy(lambda _: (200, {}, b"")) as server:
        given = [*options, "-H", server.url, "--scenario", scenario, *more]
        with locust(folder / "log", *given, cwd=folder, module=LIGHT) as process:
            return left(folder, process.wait(60))


@pytest.mark.usefixtures("processes")
def test_a_generator_that_was_the_limit(tmp_path: Path) -> None:
    """It takes 20 ms for each check, and 60 arrivals per second come: no server is that late."""
    done = played("late", tmp_path)
    assert done.status == 3
    assert done.failures == 0
    *_, warning, last = done.output.splitlines()
    assert re.search(r"generator .* 1 % .* \d+\.\d\d ms", warning)
    assert last.startswith("arrivals: ")


@pytest.mark.parametrize("clients", [1, 2])
@pytest.mark.usefixtures("processes")
def test_a_mistake_in_a_check(clients: int, tmp_path: Path) -> None:
    """Told once with its traceback, and never as a wrong answer."""
    done = played("mistaken", tmp_path, *(["--processes", clients] if clients > 1 else []))
    assert done.status == 2
    assert done.output.count("check of GET /item") == clients
    assert done.output.count("in mistaken") >= clients
    assert {row["outcome"] for row in done.samples} == {"failed"}
    [reason] = {row["reason"] for row in done.samples}
    assert "AttributeError(" in reason
    assert "expected" not in reason


@pytest.mark.usefixtures("processes")
def test_a_mistake_before_the_run(tmp_path: Path) -> None:
    done = played("broken", tmp_path)
    assert done.status == 1
    assert "in start\n    return None.nothing" in done.output
    assert "AttributeError(" in done.last_line
    assert not done.samples


@pytest.mark.usefixtures("processes")
def test_a_run_whose_time_is_over_before_it_begins(tmp_path: Path) -> None:
    done = played("slow", tmp_path)
    assert done.status == 1
    assert "target" in done.output
    assert "Traceback" not in done.output
    assert not done.samples
