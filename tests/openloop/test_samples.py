"""Samples are kept exactly, travel between processes whole, and are written as they are."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from openloop.samples import SampleColumns
from tests.loadtest.runs import read

OK, FAILED, UNFINISHED, DROPPED = range(4)


def test_the_file(tmp_path: Path) -> None:
    samples = SampleColumns()
    samples.add(7, 1795212069.6010222, 1, 760, 0, "GET /api/users/{id}", 200, OK, 0xBEEF)
    samples.add(2**40, 1795212070.25, 20, 102480, 3, "GET /users", 500, FAILED, 2**32 - 1, 'got "500",\n\rtwice\x85')
    samples.add(-9, 1795212071.5, 0, 42000, 4, "GET /users", 0, UNFINISHED, 0)
    samples.add(10, 1795212071.6, 0, 0, 9, "GET /users", 0, DROPPED, 0)
    samples.write(str(tmp_path / "samples.gz"))
    with gzip.open(tmp_path / "samples.gz", "rt") as file:
        assert file.read().split("\n") == [
            "arrival,due,start_delay_ms,service_ms,response_ms,in_flight,route,status,outcome,asked,reason",
            "7,1795212069.601022,0.001,0.760,0.761,0,GET /api/users/{id},200,ok,0000beef,",
            '1099511627776,1795212070.250000,0.020,102.480,102.500,3,GET /users,500,failed,ffffffff,"got ""500"",  twice"',
            "-9,1795212071.500000,0.000,42.000,42.000,4,GET /users,0,unfinished,00000000,",
            "10,1795212071.600000,0.000,0.000,0.000,9,GET /users,0,dropped,00000000,",
            "",
        ]
    assert len(samples) == 4
    assert [path.name for path in tmp_path.iterdir()] == ["samples.gz"]


def test_from_several_processes(tmp_path: Path) -> None:
    """Each process numbers routes and reasons in its own order."""
    everything = SampleColumns()
    for worker, routes in enumerate([["GET /", "GET /a"], ["GET /a", "GET /b", "GET /"]]):
        samples = SampleColumns()
        for number in range(1000):
            route, failed = routes[number % len(routes)], number % 3 == 0
            reason = f"reason of {route}" if failed else ""
            samples.add(2 * number + worker, float(worker), 0, number, 0, route, 200, int(failed), number, reason)
        everything.add_packed(samples.packed())
        assert len(everything) == 1000 * (worker + 1)
    everything.write(str(tmp_path / "samples.gz"))
    rows = read(tmp_path / "samples.gz")
    assert len(rows) == 2000
    assert {row["reason"] for row in rows if row["outcome"] == "ok"} == {""}
    assert all(row["reason"] == f"reason of {row['route']}" for row in rows if row["outcome"] == "failed")
    assert [int(row["arrival"]) // 2 for row in rows] == [*range(1000), *range(1000)]
    assert all(float(row["service_ms"]) * 1000 == int(row["asked"], 16) for row in rows)


def test_a_file_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="missing"):
        SampleColumns().write(str(tmp_path / "missing" / "samples.gz"))
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match="folder"):
        SampleColumns().write(str(tmp_path / "folder"))
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]
