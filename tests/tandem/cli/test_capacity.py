"""What `tandem capacity` refuses, and how it says so."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tandem.cli import main as cli


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--scenarios", "floor"], "'floor'"),
        (["--scenarios", "zebra"], "scenario 'zebra'"),
        (["--stacks", "zebra"], "stack 'zebra'"),
        (["--stacks", ","], "--stacks A,B"),
        (["--scenarios", ","], "--scenarios "),
        (["--target-ms", "20000"], "--target-ms between"),
        (["--resume", "/nowhere"], "no capacity.jsonl in /nowhere"),
        (["--resume", "/nowhere", "--target-ms", "50"], "--target-ms can't"),
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
    said = capsys.readouterr().err
    assert f"--target-ms: {target!r} " in said


def test_one_cpu_is_too_few(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0})
    assert cli.run(["capacity"]) == 2
    assert "CPU" in capsys.readouterr().err
