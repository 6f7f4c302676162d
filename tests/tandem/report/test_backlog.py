"""What a run says of who waited in the listening sockets, by phase; and of those of which nothing is known."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tandem import report
from tandem.cli import main as cli
from tandem.records import backlog as records
from tandem.records import stalled as kept
from tandem.records.block import Block
from tandem.records.setup import Load
from tandem.report import backlog
from tandem.report.backlog import AcceptQueue
from tests.support import stalled, synthetic
from tests.support.synthetic import ASGI
from tests.tandem.report.pages import Page


def put(run: Path, stack: str, rows: list[dict[str, Any]]) -> None:
    """Have these rows kept beside the samples of a stack."""
    _, blocks = stalled.recorded(run)
    (block,) = (each for each in blocks if each.stack == stack)
    kept.beside(run, block, records.BACKLOG).write_text("".join(f"{json.dumps(row)}\n" for row in rows))


def loads_and_blocks(run: Path) -> tuple[dict[str, Load], list[Block]]:
    loads, blocks = stalled.recorded(run)
    return {load.scenario: load for load in loads}, blocks


def queues(run: Path) -> list[AcceptQueue]:
    return backlog.read(run, *loads_and_blocks(run))[0]


def looks(waiting: dict[float, int]) -> list[dict[str, Any]]:
    """Samples by seconds since the window's beginning."""
    return [{"type": "sample", "at": synthetic.START + at, "waiting": number} for at, number in waiting.items()]


def said(run: Path, capsys: pytest.CaptureFixture[str]) -> str:
    assert cli.run(["stalls", str(run)]) == 0
    return capsys.readouterr().out


def test_the_most_and_the_share_above_zero_are_said_per_phase(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put(run, ASGI, looks({-1: 99, 0: 0, 1: 0, 3: 0, 4: 37, 5: 2, 6: 0, 7: 1, 8: 0, 10: 99}))
    put(run, "wsgi-gthread", looks({1: 0, 4: 0}))
    found, none = queues(run)
    assert [tuple(phase) for phase in found.phases] == [(2, 0, 0), (4, 2, 37), (2, 1, 1)]
    assert (none.stack, none.most, none.unread) == ("wsgi-gthread", 0, "")
    text = said(run, capsys)
    assert all(backlog.sentence(each) in text for each in (found, none))
    report.write(run)
    page = Page((run / "report.html").read_text())
    assert backlog.sentence(found) in page.text
    assert page.table("accept-queues")[1][1:] == [ASGI, "0", "0.0", "37", "0.5", "1", "0.5"]


def test_why_nothing_is_known_is_said(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    why = "its servers listen on Unix sockets"
    put(run, ASGI, [{"type": "unread", "why": why}])
    assert [each.unread for each in queues(run)] == [why]
    assert why in said(run, capsys)
    report.write(run)
    assert "accept-queues.csv" not in Page((run / "report.html").read_text()).files


def test_a_file_that_is_none_is_a_problem_and_hides_nothing_else(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put(run, ASGI, [{"type": "sample", "at": -1, "waiting": 1}, {}])
    _, (problem,) = backlog.read(run, *loads_and_blocks(run))
    text = said(run, capsys)
    assert problem in text
    assert "asgi_app/lab.py:16" in text
