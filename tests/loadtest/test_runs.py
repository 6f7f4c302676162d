"""Runs of real Locust: every scenario, again, with two processes, and what is left of them in the samples."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.loadtest.runs import LOADTEST, Done, locust, run
from tests.loadtest.toy import Answer, toy, user

SCENARIOS = ["everyday", "read", "pages", "write", "waiting", "floor"]
BRISK = ["--think-time", "0.05"]


def all_well(done: Done) -> None:
    """The run went well and its samples are as many as Locust counted."""
    assert done.status == 0, done.output
    assert done.failures == 0
    assert len(done.outcomes("ok")) == done.requests > 20
    assert not done.outcomes("failed")


def test_one_user_class_is_offered(tmp_path: Path) -> None:
    with locust(tmp_path / "log", "-f", LOADTEST, "--list") as process:
        assert process.wait(30) == 0
    assert (tmp_path / "log").read_text().endswith("Available Users:\n    TandemUser\n")


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_each_scenario(scenario: str, asgi_url: str, tmp_path: Path) -> None:
    before = time.time()
    done = run(tmp_path, asgi_url, "--scenario", scenario, *BRISK)
    all_well(done)
    assert all(before < float(row["start"]) < time.time() for row in done.samples)
    assert {row["route"] for row in done.outcomes("ok")} == {f"{e['method']} {e['name']}" for e in done.statistics}


def test_once_more_with_two_processes_from_other_folders(asgi_url: str, tmp_path: Path) -> None:
    """What a run before wrote and left is in nobody's way; nothing depends on where Locust is started."""
    all_well(run(tmp_path, asgi_url, *BRISK, "--processes", 2, users=7, cwd=tmp_path))
    all_well(run(tmp_path, asgi_url, "--scenario", "write", *BRISK, seconds=1, cwd=LOADTEST))


def wrong_sometimes(path: str) -> Answer | None:
    """Of five users one has another's name and one a version that its ETag doesn't know; one never comes."""
    case = int(path.rpartition("/")[2]) % 5
    if case == 0:
        return user(path, username="somebody")
    if case == 1:
        status, headers, body = user(path)
        return status, {**headers, "ETag": '"2"'}, body
    return None if case == 2 else user(path)


@pytest.mark.parametrize("processes", [[], ["--processes", 2]], ids=["one process", "two processes"])
def test_wrong_and_missing_answers(processes: list[object], tmp_path: Path) -> None:
    with toy(wrong_sometimes) as server:
        options = ["--scenario", "read", "--users-in-database", 500, "--think-time", 0.01, *processes]
        done = run(tmp_path, server.url, *options, users=10)
    assert done.status == 1, done.output
    assert len(done.outcomes("ok")) + len(done.outcomes("failed")) == done.requests
    assert len(done.outcomes("failed")) == done.failures > 0
    assert {row["status"] for row in done.outcomes("failed")} == {"200"}
    reasons = " ".join(row["reason"] for row in done.outcomes("failed"))
    assert "username: expected 'user0" in reasons
    assert "got 'somebody'" in reasons
    assert "etag: expected '\"1\"', got '\"2\"'" in reasons
    # Every user comes to a request that hangs, and hangs there.
    hanging = done.outcomes("unfinished")
    assert len(hanging) == 10
    assert {row["status"] for row in hanging} == {"0"}
    assert all(0 < float(row["response_ms"]) <= 5000 for row in hanging)


def test_a_server_that_answers_nothing(tmp_path: Path) -> None:
    """Locust itself sees no request and no failure here."""
    with toy(lambda path: None) as server:
        done = run(tmp_path, server.url, "--scenario", "read", "--users-in-database", 9, *BRISK, seconds=1)
    assert done.status == 1
    assert "No request was answered; 5 were waiting when the run ended." in done.output
    assert [row["outcome"] for row in done.samples] == ["unfinished"] * 5


def sequences(folder: Path, *options: object) -> set[tuple[str, ...]]:
    with toy(user) as server:
        usual = ["--scenario", "read", "--users-in-database", 1000, "--think-time", 0.01]
        assert run(folder, server.url, *usual, *options, users=3, seconds=1).status == 0
        return server.sequences(5)


def test_a_key_repeats_the_requests_of_every_user(tmp_path: Path) -> None:
    first = sequences(tmp_path, "--seed-key", "one")
    assert len(first) == 3, "three users, each with requests of its own"
    assert sequences(tmp_path, "--seed-key", "one", "--processes", 2) == first
    assert not sequences(tmp_path, "--seed-key", "other") & first


REFUSED = {
    "http://10.1.2.3:8080": "10.1.2.3 is not this machine",
    "http://127.0.0.1.example.org": "add --allow-remote 127.0.0.1.example.org",
    "http://127.0.0.1:1": "http://127.0.0.1:1 does not answer",
    "127.0.0.1:8080": "is not an address such as http://",
}


@pytest.mark.parametrize("url", REFUSED)
def test_a_target_that_cannot_be_loaded(url: str, tmp_path: Path) -> None:
    done = run(tmp_path, url)
    assert done.status == 1
    assert REFUSED[url] in done.output.splitlines()[-1]
    assert "Traceback" not in done.output
    assert not done.samples


def test_refused_with_two_processes(tmp_path: Path) -> None:
    done = run(tmp_path, "http://10.1.2.3:8080", "--processes", 2)
    assert done.status == 1
    assert "10.1.2.3 is not this machine" in done.output.splitlines()[-1]


def test_a_scenario_that_there_is_not(tmp_path: Path) -> None:
    done = run(tmp_path, "http://127.0.0.1:1", "--scenario", "sleeping")
    assert done.status == 2
    assert "invalid choice: 'sleeping'" in done.output


def test_samples_that_cannot_be_written(tmp_path: Path) -> None:
    for file, reason in {tmp_path / "missing" / "file": "its folder does not exist", tmp_path: "is a folder"}.items():
        done = run(tmp_path, "http://127.0.0.1:1", "--samples", file)
        assert done.status == 1
        assert reason in done.output.splitlines()[-1]
