"""In how many stalls the planted line was named: right ones, suspects, other lines, and nobody."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec

from tandem.records import stalled as records
from tandem.records.setup import Load
from tandem.report import lines, named_lines
from tests.support import stalled
from tests.support.synthetic import ASGI


def planted(load: Load, **changes: object) -> Load:
    assert load.blocking is not None
    return msgspec.structs.replace(load, blocking=msgspec.structs.replace(load.blocking, **changes))


def counted(folder: Path, **changes: object) -> list[named_lines.PlantedLine]:
    loads, blocks = stalled.recorded(folder)
    return list(named_lines.counts(lines.read(folder, loads, blocks), [planted(load, **changes) for load in loads]))


def test_all_of_them_are_right(tmp_path: Path) -> None:
    (found,) = counted(stalled.write(tmp_path), planted="{app}/lab.py:sleep")
    assert (found.stack, found.blockers, found.stalls, found.right) == (ASGI, 8, 8, 8)
    assert (found.suspected, found.other, found.unnamed) == (0, {}, {})


def test_another_line_a_suspect_and_nobody_are_told_apart(tmp_path: Path) -> None:
    run = stalled.write(tmp_path)
    (file,) = (run / "samples").glob(f"*{ASGI}*{records.STALLS}")
    other = {"file": "userdb/lab.py", "line": 9, "function": "compute", "count": 3, "inside": ""}
    rows = [
        stalled.row(3.0),
        stalled.row(3.5, lines=[other]),
        stalled.row(4.0, lines=[], kind="native", suspect="asgi_app/lab.py:16"),
        stalled.row(4.5, lines=[], kind="descheduled"),
        stalled.row(5.0, watched="slots"),
    ]
    file.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    (found,) = counted(run, planted="{app}/lab.py:sleep")
    assert (found.stalls, found.right, found.suspected) == (4, 1, 1)
    assert (found.other, found.unnamed) == ({"userdb/lab.py:9": 1}, {"native": 1, "descheduled": 1})


def test_without_a_planted_line_and_of_a_control_nothing_is_said(tmp_path: Path) -> None:
    run = stalled.write(tmp_path)
    assert counted(run) == counted(run, planted="{app}/lab.py:sleep", control=True) == []
    loads, blocks = stalled.recorded(run)
    assert named_lines.table(lines.read(run, loads, blocks), loads).rows == []
