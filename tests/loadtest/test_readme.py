"""What the README says of adding a scenario, followed to the letter; and its table names those that there are."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tandem.plan import comparison, profiles, scenarios, stacks
from tests.loadtest.runs import LOADTEST, PROJECT, left, running
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


EDITS = {
    "tandem/plan/profiles.py": [
        ('saturated=("waiting", "everyday"),', 'saturated=("waiting", "everyday", "nap"),'),
        ("rounds=7,", "rounds=8,"),
    ],
    "docs/method.md": [
        ("| everyday, waiting: 2 s |", "| everyday, waiting, nap: 2 s |"),
        ("| rounds n | 7 |", "| rounds n | 8 |"),
    ],
    "tests/tandem/plan/test_plan.py": [
        ("== (7, 9)", "== (8, 9)"),
        ("== [2, 6.5, 2, 10,", "== [2, 6.5, 2, 2, 10,"),
        (
            '        ("blocking", "late"),\n',
            '        ("blocking", "late"),\n        ("nap at saturation", "throughput"),\n',
        ),
        ("quick.seconds() < 360", "quick.seconds() < 8.5 * 60"),
    ],
    "README.md": [("for 6 minutes", "for 8½ minutes")],
    "Makefile": [("in 6 minutes", "in 8½ minutes")],
}
"""What somebody changes who follows the last step with the scenario `nap` and the profile `QUICK`."""

TRY_IT = [
    "tests/tandem/plan/test_plan.py", "tests/tandem/plan/test_loads.py", "tests/tandem/plan/test_scenarios.py",
    "tests/tandem/judge/test_method.py", "tests/loadtest/test_readme.py::test_the_table_of_scenarios_is_that_of_the_rows",
    "tests/loadtest/test_scenarios.py::test_requests_follow_from_key_scenario_and_number[nap]",
]  # fmt: skip
"""The tests that know of scenarios and profiles."""


def edit(file: Path, old: str, new: str) -> None:
    """Replace the first place where it stands, which must be there."""
    text = file.read_text()
    assert old in text, f"{file.name}: {old}"
    file.write_text(text.replace(old, new, 1))


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project in which somebody did what the steps say, all of them."""
    ignored = shutil.ignore_patterns(".*", "__pycache__", "build", "results", "var", "sample", "growth")
    project = Path(shutil.copytree(PROJECT, tmp_path_factory.mktemp("followed") / "project", ignore=ignored))
    folder = project / "loadtest"
    [file] = re.findall(r"^1\. A file named after it, `(\w+\.py)`", STEPS, re.MULTILINE)
    (folder / file).write_text(snippet("python"))
    with (folder / "scenarios.toml").open("a") as rows:
        rows.write("\n" + snippet("toml"))
    [row] = re.findall(r"^```\n(\| .*\n)```$", STEPS, re.MULTILINE)
    edit(folder / "README.md", "| `floor` |", f"{row}| `floor` |")
    last = STEPS.partition("\n4. ")[2]
    assert set(re.findall(r"`([\w/]+(?:\.py|\.md)|Makefile)`", last)) == EDITS.keys()
    for name, changes in EDITS.items():
        for old, new in changes:
            edit(project / name, old, new)
    return project


@pytest.fixture
def followed(project: Path) -> Path:
    """Its load test."""
    return project / "loadtest"


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


@pytest.mark.usefixtures("processes")
def test_the_tests_try_what_was_added_and_hold_the_profile_against_its_table(project: Path) -> None:
    command = [sys.executable, "-m", "pytest", "--numprocesses=0", "-p", "no:cacheprovider", *TRY_IT]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_table_of_scenarios_is_that_of_the_rows() -> None:
    table = README.partition("## Scenarios\n")[2].partition("\n\n")[0]
    rows = tomllib.loads((LOADTEST / "scenarios.toml").read_text())
    assert sorted(named(table)) == sorted(rows)
    assert named(STEPS) == list(tomllib.loads(snippet("toml")))
