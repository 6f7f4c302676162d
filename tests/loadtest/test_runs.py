"""Runs of real Locust: every scenario, again, with two processes, and what is left of them in the samples."""

from __future__ import annotations

import re
import time
import tomllib
from pathlib import Path

import pytest

from openloop.status import NOT_COMPARABLE
from tests.loadtest.runs import LOADTEST, PLAIN, Done, locust, run
from tests.loadtest.toy import Answer, toy, user
from tests.support.waiting import PATIENCE

ROWS = tomllib.loads((LOADTEST / "scenarios.toml").read_text())
SCENARIOS = [name for name, row in ROWS.items() if "cpu" not in row]
"""Those that one CPU can answer a hundred times per second."""

BRISK = ["--arrivals", "closed", "--think-time", "0.05"]


def all_well(done: Done) -> None:
    """The run went well and its samples are as many as Locust counted."""
    assert done.went_well, done.output
    assert done.failures == 0
    assert len(done.outcomes("ok")) == len(done.samples) == done.requests > 20
    assert len(done.asked) == len(done.samples), "numbers are given once"
    for row in done.samples:
        parts = float(row["start_delay_ms"]) + float(row["service_ms"])
        assert float(row["response_ms"]) == pytest.approx(parts, abs=0.0001)


@pytest.mark.usefixtures("processes")
def test_one_user_class_is_offered(tmp_path: Path) -> None:
    with locust(tmp_path / "log", "-f", LOADTEST, "--list") as process:
        assert process.wait(PATIENCE) == 0
    assert (tmp_path / "log").read_text().endswith("Available Users:\n    OpenLoopUser\n")


@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.usefixtures("processes")
def test_each_scenario(scenario: str, asgi_url: str, tmp_path: Path) -> None:
    before = time.time()
    # None that blocks: this stack has nothing for it, and a busy machine stretches the seconds until they would begin.
    done = run(tmp_path, asgi_url, "--scenario", scenario, "--blockers", 0, users=60, seconds=2)
    all_well(done)
    assert all(before < due < time.time() for due in done.due)
    assert {row["route"] for row in done.samples} == {f"{e['method']} {e['name']}" for e in done.statistics}
    assert done.last_line.startswith(f"arrivals: {done.requests} due, {done.requests} sent, 0 dropped, 0 unfinished;")


@pytest.mark.usefixtures("processes")
def test_logins(asgi_url: str, tmp_path: Path) -> None:
    """Few at once, for an app with one CPU lets eight wait and refuses more."""
    done = run(tmp_path, asgi_url, "--scenario", "login", "--users-in-database", 50, *BRISK, users=4, seconds=3)
    all_well(done)
    assert {row["route"] for row in done.samples} == {"POST /api/login", "GET /healthz"}


@pytest.mark.parametrize(
    ("scenario", "key", "file"),
    [("export", "f", "GET /api/users/export.csv"), ("import", "l", "POST /api/users/import")],
)
@pytest.mark.usefixtures("processes")
def test_files(scenario: str, key: str, file: str, asgi_url: str, tmp_path: Path) -> None:
    """Four at once, for that many a process sends; with these keys one of the first two arrivals is one."""
    done = run(tmp_path, asgi_url, "--scenario", scenario, "--seed-key", key, *BRISK, users=4, seconds=2)
    all_well(done)
    assert {row["route"] for row in done.samples} >= {file, "GET /api/users/{id}"}


@pytest.mark.usefixtures("alone")
def test_writes_that_last_to_the_full_cycle(asgi_url: str, tmp_path: Path) -> None:
    """The steps of a user's life meet the user in the state that they expect."""
    done = run(tmp_path, asgi_url, "--scenario", "write", "--seed-key", "w", users=200, seconds=5)
    all_well(done)
    assert {entry["method"] for entry in done.statistics} == {"POST", "PATCH", "PUT", "DELETE"}
    planned = [asked for asked in done.asked.values() if asked != "00000000"]
    assert len(planned) > 0.8 * len(done.asked), "the rest deviates: this machine was busy"


@pytest.mark.usefixtures("processes")
def test_once_more_with_two_processes_from_other_folders(asgi_url: str, tmp_path: Path) -> None:
    """What a run before wrote and left is in nobody's way; nothing depends on where Locust is started."""
    all_well(run(tmp_path, asgi_url, "--processes", 2, users=51, cwd=tmp_path, module=PLAIN))
    done = run(tmp_path, asgi_url, "--scenario", "write", *BRISK, users=5, seconds=4, cwd=LOADTEST, module=PLAIN)
    all_well(done)
    assert {row["start_delay_ms"] for row in done.samples} == {"0.000"}


def wrong_sometimes(path: str) -> Answer | None:
    """Of five users one has another's name and one a version that its ETag doesn't know; one never comes."""
    case = int(path.rpartition("/")[2]) % 5
    if case == 0:
        return user(path, username="somebody")
    if case == 1:
        status, headers, body = user(path)
        return status, {**headers, "ETag": '"2"'}, body
    return None if case == 2 else user(path)


@pytest.mark.parametrize("more", [[], BRISK], ids=["open loop", "closed loop"])
@pytest.mark.usefixtures("processes")
def test_wrong_and_missing_answers(more: list[object], tmp_path: Path) -> None:
    with toy(wrong_sometimes) as server:
        options = ["--scenario", "read", "--users-in-database", 500, "--request-timeout", 1, *more]
        done = run(tmp_path, server.url, *options, seconds=1)
    assert done.status == 1, done.output
    assert len(done.outcomes("ok")) + len(done.outcomes("failed")) == len(done.samples) == done.requests
    assert len(done.outcomes("failed")) == done.failures > 0
    assert {row["status"] for row in done.outcomes("failed")} == {"200", "0"}
    reasons = " ".join(row["reason"] for row in done.outcomes("failed"))
    assert "username: expected 'user0" in reasons
    assert "got 'somebody'" in reasons
    assert "etag: expected '\"1\"', got '\"2\"'" in reasons
    hanging = [row for row in done.samples if "within 1 s" in row["reason"]]
    assert hanging
    assert {(row["status"], row["outcome"]) for row in hanging} == {("0", "failed")}
    assert all(float(row["response_ms"]) >= 1000 for row in hanging)


@pytest.mark.usefixtures("processes")
def test_a_closed_loop_says_what_it_is(tmp_path: Path) -> None:
    """At its start and at its end; what its requests ask for follows from the key as in an open loop."""
    with toy(user) as server:
        options = ["--scenario", "read", "--users-in-database", 1000]
        closed = run(tmp_path, server.url, *options, *BRISK, users=5)
        assert closed.output.count(NOT_COMPARABLE) == 2
        assert closed.last_line.startswith(f"closed loop: {closed.requests} sent, 0 unfinished;")
        open_loop = run(tmp_path, server.url, *options)
    assert "comparable" not in open_loop.output
    common = closed.asked.keys() & open_loop.asked.keys()
    assert len(common) > 20
    assert all(closed.asked[number] == open_loop.asked[number] for number in common)


@pytest.mark.usefixtures("processes")
def test_a_target_that_cannot_be_loaded(tmp_path: Path) -> None:
    """What is said of others, and of values that make no sense: tests/openloop/test_target.py and test_plan.py."""
    done = run(tmp_path, "http://127.0.0.1:1")
    assert done.status == 1
    assert done.output.startswith("http://127.0.0.1:1 ")
    assert done.output.count("\n") == 1, "the sentence and nothing else"
    assert not done.samples


@pytest.mark.usefixtures("processes")
def test_refused_with_two_processes(tmp_path: Path) -> None:
    done = run(tmp_path, "http://10.1.2.3:8080", "--processes", 2)
    assert done.status == 1
    assert re.match(r"10\.1\.2\.3 .* --allow-remote 10\.1\.2\.3\.$", done.output)
    assert done.output.count("\n") == 1


@pytest.mark.parametrize("option", ["--scenario", "--arrivals"])
@pytest.mark.usefixtures("processes")
def test_a_choice_that_there_is_not(option: str, tmp_path: Path) -> None:
    done = run(tmp_path, "http://127.0.0.1:1", option, "sleeping")
    assert done.status == 2
    assert re.search(rf"{option}.*'sleeping'", done.output)
