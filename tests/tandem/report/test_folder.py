"""The folder of a run: what may stand in it, and what a report makes of it, however large it is."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from tandem import report
from tandem.records.journal import RecordsError
from tandem.report import ReportError, html
from tests.support import synthetic
from tests.support.synthetic import DECOY, WSGI, synthesise
from tests.tandem.report import pages

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'&{{ 7*7 }}](javascript:alert(3))|`x`"


@pytest.mark.usefixtures("only_svg")
def test_hostile_strings_are_shown_as_text(tmp_path: Path) -> None:
    stacks = [synthetic.stack(WSGI), synthetic.stack(HOSTILE, slots=None), synthetic.stack(DECOY, decoy_of=WSGI)]

    def change(block: dict[str, Any]) -> None:
        block.update(
            failures=9, failure_examples=[HOSTILE], samples=f"samples/{block['round']}-{block['position']}.csv.gz"
        )

    where = synthetic.provenance(
        commit=HOSTILE, cpu_model=HOSTILE, nginx=HOSTILE, command=["tandem", HOSTILE], packages={HOSTILE: HOSTILE}
    )
    synthetic.write(tmp_path, synthesise(stacks=stacks, change=change, provenance=where, suspect=[HOSTILE]), raw=False)
    page = pages.Page(pages.html(tmp_path))
    assert "script" not in page.tags
    assert "img" not in page.tags
    assert HOSTILE in page.text
    assert not any(link.startswith("javascript") for link in page.links)
    for path in (tmp_path / "img").glob("*.svg"):
        assert not [tag for tag in ElementTree.parse(path).iter() if "script" in tag.tag or tag.tag.endswith("img")]
    markdown = (tmp_path / "report.md").read_text(encoding="utf-8")
    assert "<script" not in markdown.replace("\\<script", "")
    assert "](javascript" not in markdown.replace("\\](javascript", "")
    width = {line.replace("\\|", "").count("|") for line in markdown.splitlines() if line.startswith("| ")}
    assert width == {9, 4}  # the judged ratios, and in what the stacks differ


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "records.jsonl in /"),
        (b"", "no run"),
        (b"nonsense\n{}\n", "no record of this version"),
        (b'{"type":"run"}\n{"type":"end"}\n', "no record of this version"),
        (
            b'{"type":"run","format":1,"users":60}\n',
            "format 1, .* format 2",
        ),
    ],
)
def test_a_folder_without_a_run(tmp_path: Path, content: bytes | None, message: str) -> None:
    if content is not None:
        (tmp_path / "records.jsonl").write_bytes(content)
    with pytest.raises(RecordsError, match=message):
        report.write(tmp_path)
    assert not (tmp_path / "report.html").exists()


def test_a_folder_that_can_t_be_written(tmp_path: Path) -> None:
    synthetic.write(tmp_path, synthesise(measured=1), raw=False)
    (tmp_path / "img").write_text("in the way")
    with pytest.raises(ReportError, match="img"):
        report.write(tmp_path)
    assert not list(tmp_path.glob(".*"))


def test_a_run_of_full_size_is_rendered_in_reasonable_time(tmp_path: Path) -> None:
    """81 blocks of 3,600 samples; the bound is generous, five seconds are the aim."""
    synthetic.write(tmp_path, synthesise(), sparse=1)
    begin = time.monotonic()
    report.write(tmp_path)
    assert time.monotonic() - begin < 60
    assert (tmp_path / "report.html").stat().st_size < 1.5 * 2**20


def test_the_sample_run_renders_to_the_very_report_that_is_committed(tmp_path: Path) -> None:
    sample = Path(__file__).parents[3] / "docs" / "sample"
    folder = Path(shutil.copytree(sample, tmp_path / "sample"))
    for name in ("report.md", "summary.json", "report.html"):
        (folder / name).unlink()
    report.write(folder)
    for name in ("report.md", "summary.json"):
        assert (folder / name).read_text() == (sample / name).read_text()


@pytest.mark.parametrize("given", [[], ["--seed", "4"], ["--seed=4"]])
def test_the_command_that_repeats_a_run_names_its_seed(given: list[str]) -> None:
    run = synthetic.run(seed=4, provenance=synthetic.provenance(command=["tandem", "compare", *given]))
    assert html.repeat(run) in ("tandem compare --seed 4", "tandem compare --seed=4")
