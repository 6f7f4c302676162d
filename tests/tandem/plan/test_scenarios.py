"""Scenarios are rows of a file that the load test and the harness both read."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from tandem.errors import TandemError
from tandem.paths import PROJECT
from tandem.plan import scenarios

ROW = 'title = "x"\nwrites = {writes}\nlogin = false\nusers = false\n'


def load(folder: Path, text: str) -> scenarios.Scenarios:
    (folder / scenarios.SCENARIOS_FILE).write_text(text)
    return scenarios.load(folder)


def test_those_that_only_read_come_first(tmp_path: Path) -> None:
    text = "".join(
        f"[{name}]\n{ROW.format(writes=writes)}" for name, writes in [("a", "true"), ("b", "false"), ("c", "false")]
    )
    assert list(load(tmp_path, text)) == ["b", "c", "a"]


def test_the_built_in_ones_are_those_of_the_load_test() -> None:
    rows = tomllib.loads((PROJECT / "loadtest" / "scenarios.toml").read_text())
    assert list(scenarios.known()) == sorted(rows, key=lambda name: rows[name]["writes"])
    assert {"floor", "read", "write"} < rows.keys()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[a]\ntitle = 1\n", r"scenario 'a'.*Expected `str`"),
        (f"[a]\n{ROW.format(writes='false')}more = 1\n", r"scenario 'a'.*unknown field `more`"),
        (f"[a]\n{ROW.format(writes='false')}not_judged = {{ luck = 'why' }}\n", r"scenario 'a'.*'luck'"),
        ("[a", r"scenarios\.toml .*TOML"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(TandemError, match=reason):
        load(tmp_path, text)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(TandemError, match=r"scenarios\.toml"):
        scenarios.load(tmp_path)
