"""The report: golden records in, pages out; whole, offline, escaped, also from a run that broke off."""

from __future__ import annotations

import json
import re
import shutil
import time
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest

from tandem import report
from tandem.records.journal import RecordsError
from tandem.report import ReportError, html, schema
from tests.support import synthetic
from tests.support.synthetic import ASGI, DECOY, WSGI, synthesise
from tests.tandem.report import pages
from tests.tandem.report.conftest import Report
from tests.tandem.report.pages import Page


def test_a_complete_run(complete: Report) -> None:
    page = complete.page
    advice = {row[0]: row[1] for row in page.table("advice")}
    assert advice["Many slow outbound calls"] == ASGI
    waiting = {row[1]: row for row in page.table("waiting")[1:]}
    assert [waiting[WSGI][place] for place in (2, 3, 5, 6, 8)] == ["16", "slots", "160.0", "300.0", ""]
    assert [waiting[ASGI][place] for place in (2, 3, 5, 6, 8)] == [
        "100",
        "news connections",
        "1000.0",
        "300.0",
        "100.0",
    ]
    causes = {row[0]: row[1:] for row in page.table("validity")}
    limits = ["> 2 % of the time", "> 5 % of the time"]
    assert causes["generator waiting for its CPU"] == [*limits, "0.2", "0", "0"]
    assert len(page.table("generator")) == 1 + 4 + len(synthetic.SCENARIOS)
    budgets = {row[0]: row[3:] for row in page.table("budgets")}
    assert budgets[WSGI] == ["1", "2", "16", "18", "16", "12", "17", "9", "100", "3"]
    assert page.files.keys().isdisjoint({"rejected.csv", "failures.csv", "history.csv"})
    assert html.repeat(synthetic.run()) in page.text
    for text in (page.text, complete.markdown):
        assert "closed loop" not in text.lower().replace("ceiling, closed loop", "")


def test_the_scorecard_holds_values_verdicts_and_failures(complete: Report) -> None:
    head, *rows = complete.page.table("scorecard-read")
    card = {row[0]: dict(zip(head, row, strict=True)) for row in rows}
    assert list(card) == [WSGI, ASGI, DECOY]
    assert card[ASGI]["CPU per request: verdict"] == "worse"
    assert 1.7 < float(card[ASGI]["CPU per request: ratio"]) < 1.9
    assert card[WSGI]["CPU per request: verdict"] == ""
    assert float(card[ASGI]["p50: floor (ms)"]) == 0.4
    assert 0.09 < float(card[ASGI]["p50: floor: share"]) < 0.11
    assert float(card[ASGI]["p99: floor (ms)"]) == 0.9
    assert float(card[ASGI]["p50: p90 (ms)"]) > float(card[ASGI]["p50 (ms)"])
    assert [card[DECOY][f"failed arrivals: {name}"] for name in ("failed", "unfinished", "dropped", "of")] == [
        "0", "0", "0", str(9 * 3600)]  # fmt: skip


def test_every_table_can_be_downloaded_and_has_a_name_of_its_own(complete: Report) -> None:
    page = complete.page
    assert len(page.files) == page.tags.count("table") == page.classes.count("csv")
    for name in page.files:
        head, *rows = page.table(name.removesuffix(".csv"))
        assert {len(row) for row in rows} <= {len(head)}
    assert re.search(r"@media print \{.*?\.csv[^}]*display: none", complete.html, re.S)


def test_what_each_route_got_of_each_stack(complete: Report) -> None:
    """Only of a scenario that asks for several, stacks in their order, percentiles of that route alone."""
    page = complete.page
    found = json.loads((complete.folder / "summary.json").read_text())["routes"]
    stacks = [WSGI, ASGI, DECOY]
    assert {(one["scenario"], one["stack"], one["route"]) for one in found} == {
        ("everyday", stack, route) for stack in stacks for route in (synthetic.ROUTE, synthetic.OTHER)
    }
    shares = {one["route"]: one["pooled"]["samples"] for one in found if one["stack"] == "asgi"}
    assert shares[synthetic.ROUTE] == pytest.approx(3 * shares[synthetic.OTHER], rel=0.05)
    assert [name for name in page.files if name.startswith("routes-")] == ["routes-everyday.csv"]
    rows = [row for row in page.table("routes-everyday") if row[0] == synthetic.ROUTE]
    assert [row[1] for row in rows] == stacks
    assert all(row[3] == "0.0" and 0 < float(row[4]) < float(row[5]) for row in rows)


def test_the_order_of_the_sections(complete: Report) -> None:
    page = complete.page
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


def test_every_file_is_there_and_valid(complete: Report) -> None:
    jsonschema.validate(json.loads((complete.folder / "summary.json").read_bytes()), schema.schema())
    pictures = sorted(path.stem for path in (complete.folder / "img").glob("*.svg"))
    assert pictures == ["percentiles-1", "percentiles-2", "percentiles-3", "rate-1", "rate-2", "rate-3", "ratios"]
    for path in (complete.folder / "img").glob("*.svg"):
        root = ElementTree.parse(path).getroot()
        assert [child.tag.rpartition("}")[2] for child in root[:2]] == ["title", "desc"]
        assert path.with_suffix(".png").read_bytes().startswith(b"\x89PNG")
    assert not [path for path in complete.folder.rglob(".*")]


def test_the_page_is_one_file_and_works_offline(complete: Report) -> None:
    page = complete.page
    text = complete.html
    assert len(text.encode()) < 1.5 * 2**20
    assert set(re.findall(r"https?://[^/\"'\s<]+", text)) <= {"http://www.w3.org"}
    assert "<script" not in text
    assert "@import" not in text
    for link in page.links:
        assert link.startswith(("#", "data:,", pages.CSV)) or (complete.folder / link).exists()
    assert {link[1:] for link in page.links if link.startswith("#")} <= set(page.ids)
    assert len(page.ids) == len(set(page.ids))


def test_the_page_is_accessible(complete: Report) -> None:
    page = complete.page
    text = complete.html
    assert page.tags.count("caption") == page.tags.count("table")
    assert not re.search(r"<th(?![^>]*scope=)[ >]", text)
    assert page.tags.count("svg") == page.tags.count("desc") == page.tags.count("figure") == 7
    for figure in re.findall(r"<figure>.*?</figure>", text, re.S):
        assert 'role="img"' in figure
        assert "<details><summary>The numbers behind this chart</summary>" in figure
    assert "prefers-color-scheme: dark" in text
    assert "@media print" in text
    assert "#0072b2" not in text.split("</style>")[1]  # pictures take their colours from the page


def test_a_chart_has_at_most_200_points_per_series(complete: Report) -> None:
    for path in (complete.folder / "img").glob("percentiles-*.svg"):
        for line in re.findall(r' d="([^"]*)"', path.read_text(encoding="utf-8")):
            assert line.count("L") <= 200


def test_an_untrusted_run_says_so_first() -> None:
    page, markdown = pages.quick(factors={**pages.FACTORS, (DECOY, "read", "p50"): 1.3})
    assert "bad" in page.classes
    assert page.text.index("UNTRUSTED") < page.text.index("is better than")
    assert markdown.startswith("**UNTRUSTED")
    assert {row[1] for row in page.table("advice")[1:]} == {"no advice"}


def test_an_undecided_run_says_what_it_could_have_seen() -> None:
    page, markdown = pages.quick(scatter=0.3, factors={})
    assert page.text.count("smallest visible effect") == 7
    assert "undecided |" in markdown


def unjudged(page: Page) -> bool:
    """Tell whether no chip of the page shows a verdict."""
    return not {"better", "worse", "same"} & set(page.classes)


@pytest.mark.parametrize("measured", [0, 1, 4])
def test_a_broken_off_run_is_reported_as_far_as_it_goes(measured: int) -> None:
    page, markdown = pages.quick(measured=measured)
    for text in (page.text, markdown):
        assert f"broken off after {measured} of 9 rounds" in text
    assert "mild" in page.classes
    assert unjudged(page)
    assert not unjudged(pages.quick()[0])


def test_a_round_that_was_cut_short_is_shown_but_not_compared(tmp_path: Path) -> None:
    synthetic.write(tmp_path, synthesise()[:3])
    found = report.write(tmp_path)
    assert found.rounds_complete == 0
    assert "No round is complete and valid" in (tmp_path / "report.html").read_text(encoding="utf-8")
    assert [m.rounds for m in found.measures if m.scenario == "read"].count([1]) == 2


def test_a_last_line_that_was_cut_off_is_left_out(tmp_path: Path) -> None:
    synthetic.write(tmp_path, synthesise(measured=2))
    path = tmp_path / "records.jsonl"
    path.write_bytes(path.read_bytes()[:-40])
    assert report.write(tmp_path).rounds_complete == 1


def test_one_cpu() -> None:
    one = synthetic.provenance(cpus=[0], stack_cpus=[0], generator_cpus=[0])
    page, _ = pages.quick(provenance=one, suspect=["only one CPU: these numbers are suspect"])
    assert unjudged(page)
    assert "only one CPU: these numbers are suspect" in page.text


def test_a_run_without_waiting_has_no_prediction() -> None:
    loads = [load for load in synthetic.run().loads if load.scenario != "waiting"]
    page, _ = pages.quick(loads=loads)
    assert "waiting" not in page.ids
    assert "Many slow outbound calls" not in [row[0] for row in page.table("advice")]


def test_a_report_without_samples_shows_the_blocks_percentiles(tmp_path: Path) -> None:
    synthetic.write(tmp_path, synthesise(), raw=False)
    found = report.write(tmp_path)
    assert found.trusted
    assert all(m.pooled is None and m.p50_ms is not None for m in found.measures)
    assert not list((tmp_path / "img").glob("percentiles-*"))


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
        (None, "no records.jsonl in .*: give the folder of a run"),
        (b"", "name no run"),
        (b"nonsense\n{}\n", "no record of this version of tandem"),
        (b'{"type":"run"}\n{"type":"end"}\n', "no record of this version of tandem"),
        (
            b'{"type":"run","format":1,"users":60}\n',
            "has format 1, this version of tandem reads format 2: use the version",
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
    with pytest.raises(ReportError, match="can't be written"):
        report.write(tmp_path)
    assert not list(tmp_path.glob(".*"))


def test_a_report_is_the_same_when_it_is_made_again(complete: Report, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(complete.folder, tmp_path / "again"))
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    report.write(folder)
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


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
