"""What the README says of adding a scenario, followed to the letter; and its table names those that there are."""

from __future__ import annotations

import os
import re
import shutil
import tomllib
from pathlib import Path

import pytest

from tandem.plan import comparison, profiles, scenarios, stacks
from tests.loadtest.runs import LOADTEST, left, running
from tests.loadtest.toy import toy, user
from tests.support import second_app
from tests.support.waiting import PATIENCE

README = (LOADTEST / "README.md").read_text()
STEPS = README.partition("## To add a scenario\n")[2]


def snippet(language: str) -> str:
    """The only block of this language in the steps."""
    [found] = re.findall(rf"^```{language}\n(.*?)^```$", STEPS, re.DOTALL | re.MULTILINE)
    return str(found)


def named(table: str) -> list[str]:
    return re.findall(r"^\| `(\w+)` \| ", table, re.MULTILINE)


@pytest.fixture
def followed(tmp_path: Path) -> Path:
    """A copy of the folder in which somebody did what the steps say."""
    folder = Path(shutil.copytree(LOADTEST, tmp_path / "loadtest", ignore=shutil.ignore_patterns("__pycache__")))
    [file] = re.findall(r"^1\. A file named after it, `(\w+\.py)`", STEPS, re.MULTILINE)
    (folder / file).write_text(snippet("python"))
    with (folder / "scenarios.toml").open("a") as rows:
        rows.write("\n" + snippet("toml"))
    return folder


@pytest.mark.usefixtures("processes")
def test_locust_offers_what_was_added_and_runs_it(followed: Path, tmp_path: Path) -> None:
    with toy(user) as server:
        with running(tmp_path, server.url, "--scenario", "nap", "-t", "1s", load_test=followed) as process:
            done = left(tmp_path, process.wait(PATIENCE))
    assert done.went_well, done.output
    assert {(row["route"], row["outcome"]) for row in done.samples} == {("GET /healthz", "ok")}


def test_the_harness_plans_what_was_added(followed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the load test of an app, it has the scenario measured and judged like any other."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})
    files = second_app.write(tmp_path, str(followed), one="hello", two="hello")
    plan = comparison.plan(
        profiles.QUICK, stacks.load([files[0]], [files[1]]), names=["one", "two"], baseline="one", scenarios=["nap"],
        load="both", rounds=10, seed=1,
    )  # fmt: skip
    assert [load.scenario for load in plan.loads] == ["nap", "nap at saturation"]
    assert {headline.scenario for headline in plan.headlines} == {"nap", "nap at saturation"}
    assert scenarios.load(followed).keys() - scenarios.load(LOADTEST).keys() == {"nap"}


def test_the_table_of_scenarios_is_that_of_the_rows() -> None:
    table = README.partition("## Scenarios\n")[2].partition("\n\n")[0]
    rows = tomllib.loads((LOADTEST / "scenarios.toml").read_text())
    assert sorted(named(table)) == sorted(rows)
    assert named(STEPS) == list(tomllib.loads(snippet("toml")))
