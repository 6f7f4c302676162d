"""The report of a complete run: golden records in, pages out; whole, offline and accessible."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from xml.etree import ElementTree

import jsonschema
import pytest

from tandem import report
from tandem.judge import validity
from tandem.judge.metrics import CPU
from tandem.plan import scenarios
from tandem.report import html, schema
from tests.support import synthetic
from tests.support.synthetic import ASGI, DECOY, WSGI
from tests.tandem.report import pages
from tests.tandem.report.conftest import Report


def test_a_complete_run(complete: Report) -> None:
    page = complete.page
    advice = {row[0]: row[1] for row in page.table("advice")}
    assert advice[scenarios.known()["waiting"].situation] == ASGI
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
    assert causes[validity.GENERATOR_WAITING.title] == [*limits, "0.2", "0", "0"]
    assert len(page.table("generator")) == 1 + 4 + len(synthetic.SCENARIOS)
    budgets = {row[0]: row[3:] for row in page.table("budgets")}
    assert budgets[WSGI] == ["1", "2", "16", "18", "16", "12", "17", "9", "100", "3"]
    assert page.files.keys().isdisjoint({"rejected.csv", "failures.csv", "history.csv"})
    assert html.repeat(synthetic.run()) in page.text
    assert page.text.lower().count("closed loop") == 1  # the ceiling of the generator
    assert "closed loop" not in complete.markdown.lower()


def test_the_scorecard_holds_values_verdicts_and_failures(complete: Report) -> None:
    head, *rows = complete.page.table("scorecard-read")
    card = {row[0]: dict(zip(head, row, strict=True)) for row in rows}
    assert list(card) == [WSGI, ASGI, DECOY]
    assert card[ASGI][f"{CPU.title}: verdict"] == "worse"
    assert 1.7 < float(card[ASGI][f"{CPU.title}: ratio"]) < 1.9
    assert card[WSGI][f"{CPU.title}: verdict"] == ""
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
        assert "<details><summary>" in figure
    assert "prefers-color-scheme: dark" in text
    assert "@media print" in text
    assert "#0072b2" not in text.split("</style>")[1]  # pictures take their colours from the page


def test_a_chart_has_at_most_200_points_per_series(complete: Report) -> None:
    for path in (complete.folder / "img").glob("percentiles-*.svg"):
        for line in re.findall(r' d="([^"]*)"', path.read_text(encoding="utf-8")):
            assert line.count("L") <= 200


def test_a_report_is_the_same_when_it_is_made_again(complete: Report, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(complete.folder, tmp_path / "again"))
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    report.write(folder)
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
