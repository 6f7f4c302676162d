"""The folder of a run: new each time, kept only with records in it, refused on a full disk."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest

from tandem.errors import RunFailed, TandemError
from tandem.records import run_folder
from tandem.records.journal import RECORDS


def test_a_run_folder_is_new_and_latest_points_at_the_last(tmp_path: Path) -> None:
    with run_folder.new(tmp_path / "results") as first, run_folder.new(tmp_path / "results") as second:
        assert first != second
        for folder in (first, second):
            run_folder.point_latest(folder)
            assert (tmp_path / "results" / "latest").resolve() == folder


def test_a_run_folder_stays_only_if_it_holds_records(tmp_path: Path) -> None:
    out = tmp_path / "results"
    with suppress(RunFailed), run_folder.new(out) as folder:
        (folder / "logs").mkdir()
        raise RunFailed("they do not give the same answers")
    assert not out.exists()
    with suppress(RunFailed), run_folder.new(out) as folder:
        (folder / RECORDS).write_text("{}\n")
        raise RunFailed("the disk is full")
    assert list(out.iterdir()) == [folder]


def test_a_disk_that_is_as_good_as_full_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_folder, "ROOM", 2**62)
    with pytest.raises(TandemError, match=r"\d+ MB "):
        run_folder.new(tmp_path / "results").__enter__()
    assert not (tmp_path / "results").exists()
