"""A laboratory run for real, as small as there is one: with its control, its stalls and its report."""

from __future__ import annotations

from pathlib import Path

import pytest

from tandem.cli import main as cli
from tandem.launch import lock
from tandem.records import backlog, journal, stalled
from tandem.records.block import Block


@pytest.mark.usefixtures("processes")
def test_a_laboratory_run_keeps_what_each_block_did_and_which_line_stood(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """All of it is there on a busy machine, too: of how long anything took nothing is said, and no round is repeated."""
    monkeypatch.setattr(
        lock, "LOCKS_FOLDER", tmp_path_factory.mktemp("running")
    )  # other tests may have a run of their own
    given = ["--part", "smoke", "--kinds", "compute", "--seconds", "4", "--seed", "1", "--out", str(tmp_path)]
    assert cli.run(["lab", *given]) == 0
    said = capsys.readouterr().out
    assert "1 × 4 blocks" in said
    (folder,) = (each for each in tmp_path.iterdir() if not each.is_symlink())
    blocks = [each for each in journal.read(folder / journal.RECORDS) if isinstance(each, Block)]
    assert sorted((each.scenario, each.stack) for each in blocks) == [
        (kind, stack) for kind in ("compute", "compute control") for stack in ("asgi", "wsgi-gthread")
    ]
    for block in blocks:
        assert block.blocked is not None
        assert block.blocked.blockers == 4
        assert stalled.watched(folder, block)
        assert " compute" not in block.samples
        assert stalled.access(folder, block).count("GET") >= block.requests
        looks = [each for each in backlog.read(folder, block) if isinstance(each, backlog.Sample)]
        assert looks[0].at < (block.window_end or 0.0) < looks[-1].at + 1
    assert (folder / "report.html").read_text().count("compute control") > 1
    assert cli.run(["stalls", str(folder)]) == 0
    assert "compute control on asgi: " in capsys.readouterr().out
    assert cli.run(["lab", "--resume", str(folder)]) == 2
    assert "`tandem report`" in capsys.readouterr().err
