"""What `tandem capacity` refuses, and how it says so."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tandem.cli import main as cli


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--scenarios", "floor"], "'floor' has no capacity of a stack"),
        (["--scenarios", "zebra"], "unknown scenario 'zebra'"),
        (["--stacks", "zebra"], "unknown stack 'zebra'"),
        (["--stacks", ","], "needs a stack or more"),
        (["--scenarios", ","], "needs a scenario or more"),
        (["--target-ms", "20000"], "makes no sense"),
        (["--resume", "/nowhere"], "no capacity.jsonl in /nowhere"),
        (["--resume", "/nowhere", "--target-ms", "50"], "can't be changed"),
    ],
)
def test_bad_input_is_refused_in_a_sentence(
    arguments: list[str], says: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})
    assert (
        cli.run(
            ["capacity", "--out", str(tmp_path / "results"), *arguments]
            if "--resume" not in arguments
            else ["capacity", *arguments]
        )
        == 2
    )
    assert says in capsys.readouterr().err
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize("target", ["0", "-5", "nan", "inf", "many"])
def test_a_target_that_is_no_time_is_refused(target: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.run(["capacity", "--target-ms", target])
    assert ended.value.code == 2
    assert "is not a number above 0" in capsys.readouterr().err


def test_one_cpu_is_too_few(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0})
    assert cli.run(["capacity"]) == 2
    assert "a search for capacity needs a CPU for the stack and one for the generator" in capsys.readouterr().err
