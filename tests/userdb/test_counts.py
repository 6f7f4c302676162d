"""The file of a process's counts: continued, never shared, and never in the way."""

from __future__ import annotations

import errno
import logging
import os
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.mmap_dict import MmapedDict

from userdb import errors, metrics
from userdb.counts import HEADER, CountsFile


def read(file: Path) -> dict[str, float]:
    """What prometheus_client reads in a file."""
    values = MmapedDict.read_all_values_from_file(str(file))  # type: ignore[no-untyped-call]  # half of the library has no types
    return {key: value for key, value, *_ in values}


def test_the_format_is_that_of_the_library(tmp_path: Path) -> None:
    file = CountsFile(str(tmp_path / "counter_1234.db"))
    keys = [f'"{"a" * length}"' for length in range(20)] + ['"é"', '"日本"']
    for number, key in enumerate(keys):
        file.write_value(key, number, 0.0)
    file.write_value('""', 77.5, 0.0)
    assert file.read_value('"never"') == (0.0, 0.0)  # a bucket in which nothing is must be there
    assert read(tmp_path / "counter_1.db") == {
        **{key: number for number, key in enumerate(keys)},
        '""': 77.5,
        '"never"': 0.0,
    }


def test_a_process_continues_the_file_of_one_that_has_ended_and_of_no_other(tmp_path: Path) -> None:
    first, second = (CountsFile(str(tmp_path / f"counter_{pid}.db")) for pid in (71, 72))
    first.write_value('"a"', 5.0, 0.0)
    second.write_value('"a"', 7.0, 0.0)
    first.close()
    third = CountsFile(str(tmp_path / "counter_73.db"))
    assert third.read_value('"a"') == (5.0, 0.0)
    third.write_value('"a"', 6.0, 0.0)
    third.write_value('"b"', 1.0, 0.0)
    assert [read(tmp_path / f"counter_{number}.db") for number in (1, 2)] == [{'"a"': 6.0, '"b"': 1.0}, {'"a"': 7.0}]
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize("short", [False, True])
def test_what_the_disk_does_not_take_is_told_once_and_written_later(
    short: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    file = CountsFile(str(tmp_path / "counter_1.db"))
    file.write_value('"a"', 1.0, 0.0)

    def full(descriptor: int, data: bytes, position: int, write: Any = os.pwrite) -> int:
        if short:
            return int(write(descriptor, data[:3], position)) if position > 40 else len(data) - 1
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch, caplog.at_level(logging.WARNING):
        patch.setattr(os, "pwrite", full)
        for number in range(5):
            file.write_value('"b"', number, 0.0)
            file.write_value('"a"', number, 0.0)
        CountsFile(str(tmp_path / "histogram_1.db"))  # no room even for its beginning
    assert len([each for each in caplog.records if "No space left" in each.getMessage()]) == 2
    assert read(tmp_path / "counter_1.db")['"a"'] == 1.0
    file.write_value('"b"', 9.0, 0.0)
    assert read(tmp_path / "counter_1.db")['"b"'] == 9.0


def test_without_a_folder_nothing_is_counted_and_nothing_fails(tmp_path: Path) -> None:
    file = CountsFile(str(tmp_path / "none" / "counter_1.db"))
    file.write_value('"a"', 1.0, 0.0)
    assert file.read_value('"a"') == (0.0, 0.0)
    file.close()


def samples(folder: Path) -> list[bytes]:
    """What is told of the folder."""
    return [line for line in metrics.text(folder, dict).splitlines() if not line.startswith(b"#")]


def test_a_file_that_is_damaged_is_told_as_busy(tmp_path: Path) -> None:
    assert samples(tmp_path) == [b"pool_processes 0.0"]
    (tmp_path / "counter_1.db").touch()  # of a process that has just begun
    assert samples(tmp_path) == [b"pool_processes 0.0"]
    (tmp_path / "counter_1.db").write_bytes(HEADER.pack(100) + b"\xff" * 92)
    with pytest.raises(errors.Busy):
        metrics.text(tmp_path, dict)
    CountsFile(str(tmp_path / "counter_2.db")).write_value('"a"', 1.0, 0.0)  # whoever gets it begins anew
    assert read(tmp_path / "counter_1.db") == {'"a"': 1.0}
