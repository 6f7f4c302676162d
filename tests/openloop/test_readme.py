"""The README's ten lines are a whole load test, and its table is that of the file."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from openloop import format
from tests.loadtest.runs import PROJECT, left, locust
from tests.loadtest.toy import Answer, toy
from tests.support.waiting import PATIENCE

README = (PROJECT / "openloop" / "README.md").read_text()
LINES = README.partition("## Ten lines\n```python\n")[2].partition("```")[0]


def item(path: str) -> Answer:
    """Every item but those whose number ends with 7."""
    assert re.fullmatch(r"/items/\d+", path)
    return (404 if path.endswith("7") else 200), {}, b"{}"


def test_they_are_ten() -> None:
    assert 0 < len(LINES.strip().splitlines()) <= 10


@pytest.mark.parametrize("processes", [1, 2])
def test_the_ten_lines_with_real_locust(processes: int, tmp_path: Path) -> None:
    """In a folder of their own, in one process and in two: the rate, the samples and the failures are right."""
    (tmp_path / "locustfile.py").write_text(LINES)
    options = ["--headless", "-u", 50, "-r", 50, "-t", "2s", "--samples", "samples.gz", "--json-file", "statistics"]
    more = ["--processes", processes] if processes > 1 else []
    with toy(item) as server, locust(tmp_path / "log", *options, "-H", server.url, *more, cwd=tmp_path) as process:
        done = left(tmp_path, process.wait(PATIENCE))
    assert done.status == 1, done.output
    assert 50 < len(done.samples) < 200
    assert len(done.asked) == len(done.samples) == done.requests
    assert {(row["route"], row["outcome"]) for row in done.samples} == {
        ("GET /items/{id}", "ok"),
        ("GET /items/{id}", "failed"),
    }
    assert {row["reason"] for row in done.outcomes("failed")} == {"status: expected 200, got 404"}
    began = re.findall(r"^openloop began (\d+\.\d{6})$", done.output, re.MULTILINE)
    assert len(began) == 1
    assert 0 <= done.due[0] - float(began[0]) < 5
    assert done.last_line.startswith(f"arrivals: {done.requests} due, {done.requests} sent, 0 dropped, 0 unfinished;")


def test_the_columns_are_described() -> None:
    table = README.partition("| column | |\n")[2].partition("\n\n")[0]
    assert re.findall(r"`(\w+)`", "".join(re.findall(r"^\| (.*?) \|", table, re.MULTILINE))) == list(format.COLUMNS)
