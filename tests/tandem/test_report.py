"""The report: golden records in, pages out; whole, offline, escaped, also from a run that broke off."""

from __future__ import annotations

import json
import re
import shutil
import time
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest

from tandem import report, summary
from tandem.report import ReportError, html
from tests.tandem import synthetic
from tests.tandem.synthetic import ASGI, DECOY, WSGI, synthesise

FACTORS = {(ASGI, "read", "cpu"): 1.8, (ASGI, "everyday", "cpu"): 1.3, (ASGI, "waiting", "p50"): 0.4}
VOID = {"meta", "link", "br", "img", "input", "hr"}


class Page(HTMLParser):
    """Checks nesting and ids, and collects text, links and tables."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.tags: list[str] = []
        self.words: list[str] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)
        self.tags.append(tag)
        self.ids += [value for name, value in attrs if name == "id" and value]
        self.links += [value for name, value in attrs if name in ("href", "src", "xlink:href") and value]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def made(folder: Path, **options: Any) -> tuple[Page, str]:
    synthetic.write(folder, synthesise(**{"factors": FACTORS, **options}))
    report.write(folder)
    return Page((folder / "report.html").read_text(encoding="utf-8")), (folder / "report.md").read_text(
        encoding="utf-8"
    )


def test_a_complete_run(tmp_path: Path) -> None:
    page, markdown = made(tmp_path)
    for part in (
        "asgi is better than wsgi-gthread in 1 and worse in 2 of 7 headline comparisons",
        "9 of 9 rounds complete · decoy passed: no false word in 7 headlines",
        "Many slow outbound calls asgi",
        "Thousands of idle connections not measured in this run",
        "This is arithmetic, not a finding:",
        "waiting wsgi-gthread 16 slots 160/s 300/s 175 ms",
        "waiting asgi 60 users 200/s 300/s 100 ms",
        "Closed loop.",
        "coordinated omission",
        "tandem compare --profile standard",
        "What this does not show",
    ):
        assert part in page.text
    assert "**asgi is better than wsgi-gthread in 1 and worse in 2" in markdown
    assert "| read | CPU per request | asgi |" in markdown
    assert "Commit 0123456789ab; 2026-11-20T12:00:00Z" in markdown


def test_the_order_of_the_sections(tmp_path: Path) -> None:
    page, _ = made(tmp_path)
    sections = [
        "verdict",
        "choose",
        "scorecard",
        "ratios",
        "waiting",
        "charts",
        "trust",
        "method",
        "limits",
        "downloads",
    ]
    assert [each for each in page.ids if each in sections] == sections


def test_every_file_is_there_and_valid(tmp_path: Path) -> None:
    made(tmp_path)
    jsonschema.validate(json.loads((tmp_path / "summary.json").read_bytes()), summary.schema())
    pictures = sorted(path.stem for path in (tmp_path / "img").glob("*.svg"))
    assert pictures == ["percentiles-1", "percentiles-2", "percentiles-3", "rate-1", "rate-2", "rate-3", "ratios"]
    for path in (tmp_path / "img").glob("*.svg"):
        root = ElementTree.parse(path).getroot()
        assert [child.tag.rpartition("}")[2] for child in root[:2]] == ["title", "desc"]
        assert path.with_suffix(".png").read_bytes().startswith(b"\x89PNG")
    assert not [path for path in tmp_path.rglob(".*")]


def test_the_page_is_one_file_and_works_offline(tmp_path: Path) -> None:
    page, _ = made(tmp_path)
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert len(text.encode()) < 1.5 * 2**20
    assert set(re.findall(r"https?://[^/\"'\s<]+", text)) <= {"http://www.w3.org"}
    assert "<script" not in text
    assert "@import" not in text
    for link in page.links:
        assert link.startswith(("#", "data:,")) or (tmp_path / link).exists()
    assert {link[1:] for link in page.links if link.startswith("#")} <= set(page.ids)
    assert len(page.ids) == len(set(page.ids))


def test_the_page_is_accessible(tmp_path: Path) -> None:
    page, _ = made(tmp_path)
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert page.tags.count("caption") == page.tags.count("table")
    assert not re.search(r"<th(?![^>]*scope=)[ >]", text)
    assert page.tags.count("svg") == page.tags.count("desc") == page.tags.count("figure") == 7
    for figure in re.findall(r"<figure>.*?</figure>", text, re.S):
        assert 'role="img"' in figure
        assert "<details><summary>The numbers behind this chart</summary>" in figure
    assert "prefers-color-scheme: dark" in text
    assert "@media print" in text
    assert "#0072b2" not in text.split("</style>")[1]  # pictures take their colours from the page


def test_a_chart_has_at_most_200_points_per_series(tmp_path: Path) -> None:
    made(tmp_path)
    for path in (tmp_path / "img").glob("percentiles-*.svg"):
        for line in re.findall(r' d="([^"]*)"', path.read_text(encoding="utf-8")):
            assert line.count("L") <= 200


def test_an_untrusted_run_says_so_first(tmp_path: Path) -> None:
    page, markdown = made(tmp_path, factors={**FACTORS, (DECOY, "read", "p50"): 1.3})
    verdict = page.text.index("UNTRUSTED: decoy, which is wsgi-gthread once more")
    assert verdict < page.text.index("asgi is better than")
    assert markdown.startswith("**UNTRUSTED: decoy")
    assert "decoy got 1 false word in 7 headlines" in page.text
    assert "no advice the run is UNTRUSTED" in page.text


def test_an_undecided_run_says_what_it_could_have_seen(tmp_path: Path) -> None:
    page, markdown = made(tmp_path, scatter=0.3, factors={})
    assert "7 undecided" in page.text
    assert "smallest visible effect 1." in page.text
    assert "undecided |" in markdown


@pytest.mark.parametrize("measured", [0, 1, 4])
def test_a_broken_off_run_is_reported_as_far_as_it_goes(tmp_path: Path, measured: int) -> None:
    page, markdown = made(tmp_path, measured=measured)
    assert f"No verdict: broken off after {measured} of 9 rounds." in page.text
    assert f"No verdict: broken off after {measured} of 9 rounds." in markdown
    assert "The run did not come to its end" in page.text
    assert not re.search(r'class="word (better|worse|same)"', (tmp_path / "report.html").read_text(encoding="utf-8"))


def test_a_round_that_was_cut_short_is_shown_but_not_compared(tmp_path: Path) -> None:
    synthetic.write(tmp_path, synthesise()[:3])
    found = report.write(tmp_path)
    assert found.rounds_complete == 0
    assert "No round is complete" in (tmp_path / "report.html").read_text(encoding="utf-8")
    assert [m.rounds for m in found.measures if m.scenario == "read"].count([1]) == 2


def test_a_last_line_that_was_cut_off_is_left_out(tmp_path: Path) -> None:
    synthetic.write(tmp_path, synthesise(measured=2))
    path = tmp_path / "records.jsonl"
    path.write_bytes(path.read_bytes()[:-40])
    assert report.write(tmp_path).rounds_complete == 1


def test_one_cpu(tmp_path: Path) -> None:
    one = synthetic.provenance(cpus=[0], stack_cpus=[0], generator_cpus=[0])
    page, _ = made(tmp_path, provenance=one, suspect=["only one CPU: these numbers are suspect"])
    assert "No verdict: one CPU only" in page.text
    assert "only one CPU: these numbers are suspect" in page.text


def test_a_run_without_waiting_has_no_prediction(tmp_path: Path) -> None:
    loads = [load for load in synthetic.run().loads if load.scenario != "waiting"]
    page, _ = made(tmp_path, loads=loads)
    assert "waiting" not in page.ids
    assert "Many slow outbound calls not measured in this run" in page.text


def test_failures_are_shown_with_what_was_seen(tmp_path: Path) -> None:
    def change(block: dict[str, Any]) -> None:
        if block["stack"] == ASGI and block["scenario"] == "everyday":
            block.update(failures=90, failure_examples=["GET /users: 500 Internal Server Error"])

    page, markdown = made(tmp_path, change=change)
    assert "asgi could not serve everyday at this load: 2.5 % of its requests failed" in page.text
    assert "GET /users: 500 Internal Server Error" in page.text
    assert "could not serve everyday" in markdown


def test_samples_that_are_missing_or_don_t_add_up_are_named(tmp_path: Path) -> None:
    synthetic.write(tmp_path, synthesise(), sparse=1)
    assert "add up" not in _text(tmp_path)
    (tmp_path / "samples/3-read-asgi.csv.gz").unlink()
    (tmp_path / "samples/4-read-asgi.csv.gz").write_bytes(b"not gzip")
    assert "3-read-asgi.csv.gz: missing or unreadable; samples/4-read-asgi.csv.gz: missing or unreadable" in _text(
        tmp_path
    )


def test_samples_outside_the_folder_are_not_read(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    found = synthesise(change=lambda block: block.update(samples="../secret.csv.gz"))
    synthetic.write(tmp_path / "run", found)
    assert (tmp_path / "secret.csv.gz").exists()
    page = Page(_html(tmp_path / "run"))
    assert "../secret.csv.gz: missing or unreadable" in page.text
    assert not any("secret" in link or ".." in link for link in page.links)


def test_a_report_without_samples_shows_the_blocks_percentiles(tmp_path: Path) -> None:
    synthetic.write(tmp_path, synthesise(), samples=False)
    found = report.write(tmp_path)
    assert found.trusted
    assert all(m.pooled is None and m.p50_ms is not None for m in found.measures)
    assert not list((tmp_path / "img").glob("percentiles-*"))


def test_reasons_to_doubt(tmp_path: Path) -> None:
    where = synthetic.provenance(dirty=True, cpus=[0, 1], stack_cpus=[0, 1], generator_cpus=[1])
    page, markdown = made(tmp_path, provenance=where, change=lambda block: block.update(generator_cpu_seconds=9.0))
    assert "shared CPU 1" in page.text
    assert "The load generator used 75% of a CPU in a block of read on asgi" in page.text
    assert "changes that no commit holds" in page.text
    assert "with uncommitted changes" in markdown


HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'&{{ 7*7 }}](javascript:alert(3))|`x`"


def test_hostile_strings_are_shown_as_text(tmp_path: Path) -> None:
    stacks = [synthetic.stack(WSGI), synthetic.stack(HOSTILE, slots=None), synthetic.stack(DECOY, decoy_of=WSGI)]

    def change(block: dict[str, Any]) -> None:
        block.update(
            failures=9, failure_examples=[HOSTILE], samples=f"samples/{block['round']}-{block['position']}.csv.gz"
        )

    where = synthetic.provenance(
        commit=HOSTILE, cpu_model=HOSTILE, nginx=HOSTILE, command=["tandem", HOSTILE], packages={HOSTILE: HOSTILE}
    )
    synthetic.write(
        tmp_path, synthesise(stacks=stacks, change=change, provenance=where, suspect=[HOSTILE]), samples=False
    )
    page = Page(_html(tmp_path))
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
    assert width == {9}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "does not exist: give the folder of a run"),
        (b"", "name no run"),
        (b"nonsense\n{}\n", "no record of this version of tandem"),
        (b'{"type":"run"}\n{"type":"end"}\n', "no record of this version of tandem"),
    ],
)
def test_a_folder_without_a_run(tmp_path: Path, content: bytes | None, message: str) -> None:
    if content is not None:
        (tmp_path / "records.jsonl").write_bytes(content)
    with pytest.raises(ReportError, match=message):
        report.write(tmp_path)
    assert not (tmp_path / "report.html").exists()


def test_a_folder_that_can_t_be_written(tmp_path: Path) -> None:
    synthetic.write(tmp_path, synthesise(measured=1), samples=False)
    (tmp_path / "img").write_text("in the way")
    with pytest.raises(ReportError, match="can't be written"):
        report.write(tmp_path)
    assert not list(tmp_path.glob(".*"))


def test_a_report_is_the_same_when_it_is_made_again(tmp_path: Path) -> None:
    made(tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    report.write(tmp_path)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_a_run_of_full_size_is_rendered_in_reasonable_time(tmp_path: Path) -> None:
    """81 blocks of 3,600 samples; the bound is generous, five seconds are the aim."""
    synthetic.write(tmp_path, synthesise(), sparse=1)
    begin = time.monotonic()
    report.write(tmp_path)
    assert time.monotonic() - begin < 60
    assert (tmp_path / "report.html").stat().st_size < 1.5 * 2**20


def _html(folder: Path) -> str:
    report.write(folder)
    return (folder / "report.html").read_text(encoding="utf-8")


def _text(folder: Path) -> str:
    return Page(_html(folder)).text


def test_the_sample_run_renders_to_the_very_report_that_is_committed(tmp_path: Path) -> None:
    sample = Path(__file__).parents[2] / "docs" / "sample"
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


def test_advice_on_waiting_says_what_arithmetic_predicts(tmp_path: Path) -> None:
    synthetic.write(tmp_path, synthesise(factors=FACTORS), samples=False)
    report.write(tmp_path)
    text = Page((tmp_path / "report.html").read_text()).text
    assert re.search(r"Slots and users alone predict \d\.\d\d× for asgi: more slots would change the answer", text)
