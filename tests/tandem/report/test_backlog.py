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
from tests.support import stalled, synthetic
from tests.support.synthetic import ASGI


def put(run: Path, stack: str, rows: list[dict[str, Any]]) -> None:
    """Have these rows kept beside the samples of a stack."""
    _, blocks = stalled.recorded(run)
    (block,) = (each for each in blocks if each.stack == stack)
    kept.beside(run, block, records.BACKLOG).write_text("".join(f"{json.dumps(row)}\n" for row in rows))


def looks(waiting: dict[float, int]) -> list[dict[str, Any]]:
    """Samples by seconds since the window's beginning."""
    return [{"type": "sample", "at": synthetic.START + at, "waiting": number} for at, number in waiting.items()]


def said(run: Path, capsys: pytest.CaptureFixture[str]) -> str:
    assert cli.run(["stalls", str(run)]) == 0
    return capsys.readouterr().out


def test_the_most_and_the_share_above_zero_are_said_per_phase(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put(run, ASGI, looks({-1: 99, 0: 0, 1: 0, 3: 0, 4: 37, 5: 2, 6: 0, 7: 1, 8: 0, 10: 99}))
    put(run, "wsgi-gthread", looks({1: 0, 4: 0}))
    text = said(run, capsys)
    assert (
        "  in its listening sockets at most 0 (0 % of 2 samples above 0) waited before anything blocked, "
        "37 (50 % of 4 samples above 0) meanwhile and 1 (50 % of 2 samples above 0) afterwards.\n"
    ) in text
    assert "  in its listening sockets nobody waited (2 samples).\n" in text
    report.write(run)
    page = (run / "report.html").read_text()
    assert "most while blocked" in page
    assert "at most 0 (0 % of 2 samples above 0) waited before anything blocked" in page


def test_why_nothing_is_known_is_said(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put(run, ASGI, [{"type": "unread", "why": "its servers listen on Unix sockets"}])
    assert "who waited in its listening sockets is not known: its servers listen on Unix sockets.\n" in said(
        run, capsys
    )
    report.write(run)
    assert "most while blocked" not in (run / "report.html").read_text()


def test_a_file_that_is_none_is_a_problem_and_hides_nothing_else(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put(run, ASGI, [{"type": "sample", "at": -1, "waiting": 1}, {}])
    text = said(run, capsys)
    assert "accept queues of samples/" in text
    assert "holds a line that is no record" in text
    assert "stood in asgi_app/lab.py:16" in text
