"""The file of a process's counts: continued, never shared, and never in the way."""

from __future__ import annotations

import errno
import json
import logging
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tandem.paths import PROJECT
from userdb import counts, errors, metrics
from userdb.counts import ROW, Counts
from userdb.settings import from_environment
from wsgi_app import lab_routes
from wsgi_app.app import ROUTES


def read(file: Path) -> dict[str, tuple[float, float]]:
    """How many there were of the first sort of each, and how much in all."""
    return {",".join(labels): (numbers[0], numbers[-1]) for labels, numbers in counts.read(file)}


def test_what_is_counted_is_in_the_file_at_once(tmp_path: Path) -> None:
    own = Counts(tmp_path)
    for number, labels in enumerate([("a",), ("a", "b"), ("é", "日本"), ("x" * 100,)]):
        for _ in range(number):
            own.row(labels).add(0, 0.5)
    assert read(tmp_path / "counts_1.db") == {"a,b": (1, 0.5), "é,日本": (2, 1.0), "x" * 100: (3, 1.5)}


def test_all_routes_have_room() -> None:
    longest = max({**ROUTES, **lab_routes.routes(from_environment({}))}, key=len)
    assert len(json.dumps([metrics.REQUESTS, "OPTIONS", longest, "200"])) < ROW.size - counts.NUMBERS.size


def test_a_process_continues_the_file_of_one_that_has_ended_and_of_no_other(tmp_path: Path) -> None:
    first, second = Counts(tmp_path), Counts(tmp_path)
    first.row(("a",)).add(0, 5.0)
    second.row(("a",)).add(0, 7.0)
    first.close()
    third = Counts(tmp_path)
    third.row(("a",)).add(0, 1.0)
    third.row(("b",)).add(0, 2.0)
    files = [read(tmp_path / f"counts_{number}.db") for number in (1, 2)]
    assert files == [{"a": (2, 6.0), "b": (1, 2.0)}, {"a": (1, 7.0)}]
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize("short", [False, True])
def test_what_the_disk_does_not_take_is_told_once_and_written_later(
    short: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    own = Counts(tmp_path)
    own.row(("a",)).add(0, 1.0)

    def full(descriptor: int, data: bytes, position: int, write: Any = os.pwrite) -> int:
        if short:
            return int(write(descriptor, data[:3], position)) if position > ROW.size else len(data) - 1
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch, caplog.at_level(logging.WARNING):
        patch.setattr(os, "pwrite", full)
        for _ in range(5):
            own.row(("b",)).add(0, 1.0)
            own.row(("a",)).add(0, 1.0)
    assert len([each for each in caplog.records if "No space left" in each.getMessage()]) == 1
    assert read(tmp_path / "counts_1.db") == {"a": (1, 1.0)}
    own.row(("b",)).add(0, 1.0)
    own.row(("a",)).add(0, 1.0)
    assert read(tmp_path / "counts_1.db") == {"a": (7, 7.0), "b": (6, 6.0)}


def test_without_a_folder_that_is_there_nothing_is_written_and_nothing_fails(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    own = Counts(tmp_path / "none")
    own.row(("a",)).add(0, 1.0)
    own.row(("b",)).add(0, 1.0)
    own.close()
    assert len(caplog.records) == 1
    assert [row.numbers[0] for row in own.rows.values()] == [1, 1]


def samples(folder: Path) -> list[bytes]:
    """What is told of the folder."""
    return [line for line in metrics.text(folder, dict).splitlines() if not line.startswith(b"#")]


def test_a_file_that_is_damaged_is_told_as_busy(tmp_path: Path) -> None:
    assert samples(tmp_path) == [b"pool_processes 0.0"]
    (tmp_path / "counts_1.db").touch()  # of a process that has just begun
    assert samples(tmp_path) == [b"pool_processes 0.0"]
    for damaged in (b"\xff" * ROW.size, bytes(ROW.size), b"{}".ljust(ROW.size)):
        (tmp_path / "counts_1.db").write_bytes(damaged)
        with pytest.raises(errors.Busy):
            metrics.text(tmp_path, dict)
    own = Counts(tmp_path)  # whoever gets it begins anew
    own.row(("a",)).add(0, 1.0)
    assert read(tmp_path / "counts_1.db") == {"a": (1, 1.0)}


# A process that has counted forks, as servers do: both count on.
FORKING = """
import os
from userdb import metrics

metrics.request("GET", "/", 200, 0.003)
pid = os.fork()
metrics.request("GET", "/", 404 if pid else 200, 11 if pid else 0.001)
if pid:
    os.waitpid(pid, 0)
"""


@pytest.mark.usefixtures("processes")
def test_a_process_that_forks_has_a_file_of_its_own(tmp_path: Path) -> None:
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    subprocess.run([sys.executable, "-c", FORKING], env=environment, cwd=PROJECT, check=True)
    assert len(list(tmp_path.iterdir())) == 2
    samples = [
        s for family in text_string_to_metric_families(metrics.text(tmp_path, dict).decode()) for s in family.samples
    ]
    assert {s.labels["status"]: s.value for s in samples if "status" in s.labels} == {"200": 2, "404": 1}
    buckets = {s.labels["le"]: s.value for s in samples if "le" in s.labels}
    assert [buckets[each] for each in ("0.001", "0.0025", "0.005", "10.0", "+Inf")] == [1, 1, 2, 2, 3]
    assert [s.value for s in samples if s.name.endswith(("_count", "_seconds_sum"))] == [3, 11.004]
