"""The file has an end and the counts have none; what it says in few words, and why it can't."""

from __future__ import annotations

import csv
import dataclasses
import errno
import io
import json
import os
from pathlib import Path
from typing import Any

import pytest

from stalls import __main__ as command
from stalls import summary
from stalls.episode import Measured, Seen
from stalls.record import Line, Stall, load
from stalls.sink import Sink
from stalls.writer import Writer

STALL = Stall(
    number=1, pid=7, watched="loop", kind="wait", at=1790000000.5, monotonic=12.5, seconds=0.2, over=True, samples=20,
    lines=(Line("shop/orders.py", 41, "order", 19, "sleep"), Line("shop/orders.py", 42, "order", 1, "")), callbacks=1,
    cpu=0.001, process_cpu=0.01, gc=0.0, late=0.002, route="GET /orders/{id}", request="abc", in_flight=3,
    requests=("abc", "d", "e"), waiting=None, stack=("shop/orders.py:41 order",), others=(), suspect=None,
)  # fmt: skip
NOBODY = dataclasses.replace(STALL, kind="descheduled", lines=(), stack=(), route=None, request=None, suspect="a.py:3")


def file_of(path: Path, *stalls: Stall) -> Path:
    path.write_text("".join(f"{stall.dump()}\n" for stall in stalls))
    return path


def measured(number: int) -> Measured:
    return Measured(number, "loop", 0.0, 0.5, True, 0.0, 0.0, 0.0, 0, ())


def test_a_row_is_read_as_it_was_written() -> None:
    assert load(json.loads(STALL.dump())) == STALL


@pytest.mark.parametrize("limits", [{"rows": 10}, {"size": 3000}])
def test_the_file_ends_and_the_counts_go_on(
    tmp_path: Path, limits: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "stalls.jsonl"
    told: list[tuple[str, float]] = []
    writer = Writer(Sink(file, **limits, counted=lambda *stall: told.append(stall)))
    for number in range(500):
        writer.put(measured(number), Seen(number))
    writer.stop()
    *rows, counts = [json.loads(line) for line in file.read_text().splitlines()]
    assert told == [("descheduled", 0.5)] * 500
    assert 2 < len(rows) <= 10
    assert counts["type"] == "counts"
    assert (counts["kinds"]["descheduled"]["stalls"], counts["written"]) == (500, len(rows))
    assert counts["kinds"]["descheduled"]["seconds"] == pytest.approx(250)
    assert [stall.number for stall in summary.read(file)] == list(range(1, len(rows) + 1))
    assert command.main([str(file)]) == 0
    assert f" {500 - len(rows)} more " in capsys.readouterr().err


def test_nothing_is_written_where_nothing_stalled(tmp_path: Path) -> None:
    Writer(Sink(tmp_path / "stalls.jsonl")).stop()
    assert list(tmp_path.iterdir()) == []


def test_a_callback_that_fails_ends_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    def fail(stall: Stall) -> None:
        raise ValueError("no")

    writer = Writer(fail)
    for number in range(20):
        writer.put(measured(number), Seen(number))
    writer.stop()
    assert writer.stalls["descheduled"] == 20
    (line,) = set(said := capsys.readouterr().err.splitlines())
    assert (len(said), line.endswith(" ValueError('no')")) == (5, True)


def test_what_the_summary_says(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The one test that holds its sentences; all others ask for data."""
    longer = dataclasses.replace(STALL, seconds=0.3, monotonic=13.0)
    assert command.main([str(file_of(tmp_path / "stalls", STALL, NOBODY, longer))]) == 0
    assert capsys.readouterr().out == (
        "loop, wait: 2 stalls, 0.500 s in all, longest 0.300 s\n"
        "    shop/orders.py:41 (38 of 40 samples, in sleep)\n"
        "    in GET /orders/{id}\n"
        "loop, descheduled: 1 stall, 0.200 s in all, longest 0.200 s\n"
        "    the process itself got no CPU: nobody is blamed\n"
    )
    assert command.main([str(file_of(tmp_path / "none"))]) == 0
    assert capsys.readouterr().out == "There is no stall in it.\n"


def test_as_csv(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main([str(file_of(tmp_path / "stalls", STALL, NOBODY)), "--csv"]) == 0
    first, second = csv.DictReader(io.StringIO(capsys.readouterr().out))
    assert (first["line"], first["seen"], first["samples"]) == ("shop/orders.py:41", "19", "20")
    assert (second["line"], second["kind"], second["suspect"]) == ("", "descheduled", "a.py:3")


def test_of_one_that_went_on_only_the_end_counts(tmp_path: Path) -> None:
    going_on = dataclasses.replace(STALL, over=False, seconds=0.1)
    never = dataclasses.replace(going_on, monotonic=99.0)
    read = list(summary.read(file_of(tmp_path / "stalls", going_on, STALL, never)))
    assert read == [STALL, never]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("hello\n", "line 1: Expecting value"),
        ("{}\n", "line 1: "),
        ("[]\n", "line 1: "),
        (STALL.dump() + '\n{"type": "stall"}\n', "'at'"),
        (STALL.dump().replace('"wait"', '"weight"'), "'weight'"),
        (STALL.dump().replace('"count"', '"amount"'), "line 1: its lines"),
        ('{"type": "counts", "pid": 1, "kinds": 7}\n', " its counts"),
    ],
)
def test_a_file_that_is_none_is_told_of(
    text: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "stalls").write_text(text)
    assert command.main([str(tmp_path / "stalls")]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert f"stalls: {tmp_path / 'stalls'}" in err
    assert said in err


def test_a_file_that_is_missing_is_told_of(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main([str(tmp_path / "stalls")]) == 2
    assert os.strerror(errno.ENOENT) in capsys.readouterr().err
