"""Who finds a line that holds a loop: how what detectors report is read, and that they are compared."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("report", "named"),
    [
        ('  File "/x/asgi_app/lab.py", line 26, in sleep', True),
        ("asgi_app/lab.py:26:", True),
        ("    sleep (asgi_app/lab.py:26)", True),
        ("Event(stack=(('/x/asgi_app/lab.py', 26, 'sleep'),))", True),
        ("coro=<sleep() done, defined at /x/asgi_app/lab.py:23> took 0.350 seconds", False),
        ("asgi_app/lab.py:260:", False),
        ("/x/userdb/lab.py:26", False),
    ],
)
def test_a_report_names_a_line_however_it_writes_it(script: Any, report: str, named: bool) -> None:
    assert script("planted").Planted("asgi_app/lab.py", range(24, 28)).is_named(report) is named


def test_a_turn_counts_what_was_named_suspected_and_only_caught(script: Any) -> None:
    planted = script("planted")
    line = planted.Planted("a/b.py", range(7, 8))

    def counted(*reports: str) -> tuple[int, int, int]:
        found = planted.concluded(line, reports)
        return found["caught"], found["right"], found["suspected"]

    assert counted() == (0, 0, 0)
    assert counted("a/b.py:9:") == (1, 0, 0)
    assert counted(f"gc, {planted.SUSPECT}a/b.py:7:") == (1, 0, 1)
    assert counted(f"gc, {planted.SUSPECT}a/b.py:7:", "a/b.py:7:") == (1, 1, 0)
    assert planted.concluded(None, ["a/b.py:7:"]) == {"turns": 1, "caught": 1, "right": 0, "suspected": 0}


def test_what_the_laboratory_plants_is_measured_at_the_lines_that_it_names(script: Any) -> None:
    planted = script("planted")
    cases = planted.cases()
    assert {kind for kind, row in planted.ROWS.items() if "planted" in row} < cases.keys()
    assert cases[planted.NOTHING_HELD].planted is None
    for case in cases.values():
        if case.planted:
            lines = (ROOT / case.planted.file).read_text().splitlines()
            assert all(lines[number - 1].startswith("    ") for number in case.planted.lines)
    sleep = cases["sleep-in-handler"].planted
    assert any("time.sleep(" in line for line in (ROOT / sleep.file).read_text().splitlines()[sleep.lines.start - 1 :])


OTHER = 'Thread 9 (idle): "other"\n    wait (threading.py:331)\n'
DUMP = 'Process 7: python\nPython v3.11.7\n\nThread 7 ({}): "MainThread"\n{}' + OTHER
SELECT = "    EpollSelector.select (selectors.py:468)\n    BaseEventLoop._run_once (asyncio/base_events.py:1884)\n"
IDLE = DUMP.format("idle", SELECT)
IDLE_UVLOOP = DUMP.format("idle", "    Runner.run (asyncio/runners.py:118)\n    main (stalls.py:9)\n")
HELD = DUMP.format("idle", "    sleep (asgi_app/lab.py:26)\n    _run (asyncio/events.py:80)\n")
A_PROGRAM = DUMP.format(
    "idle", "    PollSelector.select (selectors.py:415)\n    Popen._communicate (subprocess.py:2021)\n"
)


@pytest.mark.parametrize(
    ("dumps", "stood"),
    [
        ([IDLE, HELD, IDLE, IDLE_UVLOOP], 0),
        ([HELD, HELD, IDLE], 1),
        ([IDLE_UVLOOP, HELD, HELD, HELD], 2),
        ([A_PROGRAM, A_PROGRAM], 1),
        (["", "Process 7: python\n"], 0),
    ],
)
def test_a_loop_is_held_where_two_dumps_in_a_row_find_it_at_work(script: Any, dumps: list[str], stood: int) -> None:
    found = script("dumps").stood(dumps)
    assert len(found) == stood
    assert not any("threading.py" in each for each in found)


@pytest.mark.usefixtures("processes")
def test_detectors_are_compared_and_their_cost_is_measured() -> None:
    small = ["--detectors", "stalls", "--kinds", "a lock", "--rounds", "1", "--cost-rounds", "1", "--seconds", "0.2"]
    command = [sys.executable, "docs/measurements/stalls.py", *small]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for loop in ("asyncio", "uvloop"):
        assert re.search(rf"^\| none \| {loop} \| (– \| ){{4}}\d+ µs \|", done.stdout, re.MULTILINE)
        assert re.search(rf"^\| stalls \| {loop} \| . of 1 \| . \| 1 of 1 \|", done.stdout, re.MULTILINE)
    assert "This takes about" in done.stderr
