"""Records of a stranger: whatever stands in them, a report is made, or refused in a sentence, and nothing else is touched."""

from __future__ import annotations

import gzip
import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from openloop import format
from tandem.cli import main as cli
from tandem.judge import summary
from tandem.records import journal
from tandem.records.journal import RECORDS
from tandem.report import pools
from tests.support import synthetic
from tests.support.synthetic import synthesise

Edit = Callable[[dict[str, Any]], None]


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run of three rounds, with its samples."""
    folder = tmp_path / "run"
    folder.mkdir()
    return synthetic.write(folder, synthesise(3), sparse=50)


def edit(run: Path, change: Edit, kind: str = "block") -> None:
    """Change the first record of a kind as a stranger could, behind the back of our types."""
    lines = [json.loads(line) for line in (run / RECORDS).read_text().splitlines()]
    change(next(line for line in lines if line["type"] == kind))
    (run / RECORDS).write_text("".join(json.dumps(line) + "\n" for line in lines))


def put(path: str, value: object) -> Edit:
    """Return an edit that puts a value where a path such as `loads.0.rate` says."""

    def change(record: dict[str, Any]) -> None:
        *way, last = path.split(".")
        place: Any = record
        for step in way:
            place = place[int(step)] if step.isdigit() else place[step]
        place[last] = value

    return change


def report(run: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """Make the report; return the exit status and what was said."""
    status = cli.run(["report", str(run)])
    said = capsys.readouterr()
    return status, said.out + said.err


DIGITS = "9" * 5000


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("block", put("samples", "javascript:alert(1)/x")),
        ("block", put("samples", "../secret.csv.gz")),
        ("block", put("samples", "/etc/passwd")),
        ("block", put("samples", "samples/../../x")),
        ("block", put("round", 10**15)),
        ("block", put("requests", -1)),
        ("block", put("p50_ms", 1e300)),
        ("block", put("seconds", 0)),
        ("block", put("failure_examples", ["x" * 100_000])),
        ("run", put("rounds", 10**9)),
        ("run", put("extension", 10**9)),
        ("run", put("loads.0.rate", 0)),
        ("run", put("stacks.0.budget.threads", 10**30)),
        ("run", put("headlines.0.metric", "zebra")),
        ("run", put("stacks.2.decoy_of", "zebra")),
        ("run", put("stacks.1.name", "decoy")),
        ("run", put("loads.0.arrivals", "zebra")),
    ],
)
def test_what_no_run_can_have_left_is_refused(
    run: Path, capsys: pytest.CaptureFixture[str], kind: str, change: Edit
) -> None:
    edit(run, change, kind)
    status, said = report(run, capsys)
    assert status == 2
    assert re.match(rf"tandem: .*{RECORDS}", said)
    assert not (run / "report.html").exists()


@pytest.mark.parametrize(
    "line",
    [
        "[" * 1_000_000,
        '{"type":"block","x":' + '{"a":' * 100_000,
        f'{{"type":"end","date":"","complete":true,"reason":{DIGITS}}}',
        f'{{"type":"block","round":{DIGITS}}}',
        f'{{"type":"block","round":1,"p50_ms":1e{DIGITS}}}',
        '{"type":"block","round":1,"p50_ms":NaN}',
        "\0\1\2",
    ],
)
def test_bombs_in_a_line_are_refused(run: Path, capsys: pytest.CaptureFixture[str], line: str) -> None:
    kept = (run / RECORDS).read_text()
    (run / RECORDS).write_text(line + "\n" + kept)
    status, said = report(run, capsys)
    assert status == 2
    assert len(said) < 1000


def test_a_pipe_a_link_and_a_huge_file_are_no_records(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """None of them is waited for or read."""
    kept = (run / RECORDS).rename(tmp_path / "elsewhere")
    (run / RECORDS).symlink_to(kept)
    assert "a link" in report(run, capsys)[1]
    (run / RECORDS).unlink()
    os.mkfifo(run / RECORDS)
    assert "regular file" in report(run, capsys)[1]
    (run / RECORDS).unlink()
    with (run / RECORDS).open("wb") as file:
        file.truncate(10**10)  # a hole: it takes no room
    assert "larger than" in report(run, capsys)[1]


def first_samples(run: Path) -> Path:
    return next((run / "samples").iterdir())


def refused(run: Path) -> list[str]:
    """Return the files of samples that were not read."""
    problems = pools.read(run, summary.counted(list(journal.read(run / RECORDS)))).problems
    return [each.partition(":")[0] for each in problems if "unreadable" in each]


def test_a_pipe_and_a_link_are_no_samples(run: Path, tmp_path: Path) -> None:
    assert refused(run) == []
    path = first_samples(run)
    path.unlink()
    os.mkfifo(path)
    assert refused(run) == [f"samples/{path.name}"]
    path.unlink()
    (tmp_path / "secret.csv.gz").write_bytes(next(each for each in (run / "samples").iterdir()).read_bytes())
    path.symlink_to(tmp_path / "secret.csv.gz")
    assert refused(run) == [f"samples/{path.name}"]


@pytest.mark.parametrize("content", [b"x", b'"', b"1,", b"\n", b'"\n'])
def test_a_gzip_bomb_is_not_unpacked(run: Path, monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    """It ends at the first line that is too long, or when more than any file of samples holds has come out of it."""
    monkeypatch.setattr(format, "MOST_FILE", 2_000_000)
    path = first_samples(run)
    head = gzip.decompress(path.read_bytes()).partition(b"\n")[0] + b"\n"
    path.write_bytes(gzip.compress(head + content * 20_000_000))
    assert refused(run) == [f"samples/{path.name}"]


def test_more_lines_than_samples_can_have_are_not_read(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = first_samples(run)
    longest = len(gzip.decompress(path.read_bytes()))
    monkeypatch.setattr(format, "MOST_FILE", 2 * longest)
    assert refused(run) == []
    head, _, rows = gzip.decompress(path.read_bytes()).partition(b"\n")
    path.write_bytes(gzip.compress(head + b"\n" + 3 * rows))
    assert refused(run) == [f"samples/{path.name}"]


def test_control_characters_in_names_are_written_out(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Else they would steer the terminal, and charts with them could not be drawn."""
    evil = "asgi\x1b]0;owned\x07\u202egnp\x00"
    text = (run / RECORDS).read_text().replace('"asgi"', json.dumps(evil))
    (run / RECORDS).write_text(text)
    status, said = report(run, capsys)
    assert status == 0
    page = (run / "report.html").read_text() + (run / "report.md").read_text() + said
    assert not {"\x1b", "\x07", "\u202e", "\x00"} & set(page)
    assert "asgi\\x1b]0;owned" in page


def test_charts_are_not_written_through_a_linked_folder(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mine").mkdir()
    (run / "img").symlink_to(tmp_path / "mine")
    status, said = report(run, capsys)
    assert status == 1
    assert str(run / "img") in said
    assert not [*(tmp_path / "mine").iterdir()]


@pytest.mark.parametrize(
    "command",
    [
        [], ["tandem"], ["rm", "-rf", "/"], ["tandem", "serve"], ["tandem", "compare", "--help"],
        ["tandem", "compare", "--zebra"], ["tandem", "compare", "--resume", "x"], ["tandem", "compare", "--seed", DIGITS],
        ["tandem", "compare", "--out"],
    ],
)  # fmt: skip
def test_another_command_that_is_recorded_is_not_resumed(
    run: Path, capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    edit(run, put("provenance.command", command), "run")
    assert cli.run(["compare", "--resume", str(run)]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert "this version" in said.err
    assert len(said.err) < 600
