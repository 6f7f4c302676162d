"""Samples are kept exactly, travel between processes whole, and are written as they are."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from tests.loadtest.conftest import Room
from tests.loadtest.runs import read


def test_the_file(room: Room, tmp_path: Path) -> None:
    samples = room.samples.Samples()
    samples.add(1795212069.6010222, 0.7604, "GET /api/users/{id}", 200)
    samples.add(1795212070.25, 102.4996, "GET /users", 500, 'status: expected 200, got "500", twice')
    samples.add_unfinished(1795212071.5, 42.0, "GET /users")
    samples.write(str(tmp_path / "samples.gz"))
    with gzip.open(tmp_path / "samples.gz", "rt") as file:
        assert file.read().splitlines() == [
            "start,response_ms,route,status,outcome,reason",
            "1795212069.601022,0.760,GET /api/users/{id},200,ok,",
            '1795212070.250000,102.500,GET /users,500,failed,"status: expected 200, got ""500"", twice"',
            "1795212071.500000,42.000,GET /users,0,unfinished,",
        ]
    assert len(samples) == 3
    assert samples.unfinished == 1
    assert [path.name for path in tmp_path.iterdir()] == ["samples.gz"]


def test_from_several_processes(room: Room, tmp_path: Path) -> None:
    """Each process numbers routes and reasons in its own order."""
    everything = room.samples.Samples()
    for worker, routes in enumerate([["GET /", "GET /a"], ["GET /a", "GET /b", "GET /"]]):
        samples = room.samples.Samples()
        for number in range(1000):
            route = routes[number % len(routes)]
            samples.add(float(worker), float(number), route, 200, f"reason of {route}" if number % 3 == 0 else "")
        everything.add_packed(samples.packed())
        assert len(everything) == 1000 * (worker + 1)
    everything.write(str(tmp_path / "samples.gz"))
    rows = read(tmp_path / "samples.gz")
    assert len(rows) == 2000
    assert {row["reason"] for row in rows if row["outcome"] == "ok"} == {""}
    assert all(row["reason"] == f"reason of {row['route']}" for row in rows if row["outcome"] == "failed")
    assert [float(row["response_ms"]) for row in rows] == [*map(float, range(1000)), *map(float, range(1000))]


def test_a_file_that_cannot_be_written(room: Room, tmp_path: Path) -> None:
    with pytest.raises(OSError, match="missing"):
        room.samples.Samples().write(str(tmp_path / "missing" / "samples.gz"))
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match="folder"):
        room.samples.Samples().write(str(tmp_path / "folder"))
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]
