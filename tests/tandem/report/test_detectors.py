"""Who else names the line: the measurement that the project keeps, as the report shows it, and where there is none."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from tandem import report
from tandem.report import detectors, tables
from tandem.report.detectors import NOTHING_HELD, Cost, CostRatio, Detected, Kept
from tests.support import stalled
from tests.tandem.report.pages import Page


def found(
    detector: str, loop: str, kind: str, caught: int, right: int = 0, suspected: int = 0, planted: bool = True
) -> Detected:
    return Detected(
        detector=detector, loop=loop, kind=kind, planted=planted, turns=3, caught=caught, right=right, suspected=suspected
    )  # fmt: skip


KEPT = Kept(
    date="2026-10-01",
    commit="c354a50" * 5,
    python="CPython 3.11.7",
    machine="a machine",
    versions={"pyleak": "0.2.0", "uvloop": "0.23.0"},
    missing=["py-spy dump"],
    threshold_ms=100,
    rate=400,
    rounds=6,
    found=[
        found("stalls", "asyncio", "sleep-in-handler", 3, right=3),
        found("stalls", "asyncio", "garbage", 3, suspected=2),
        found("stalls", "asyncio", "many-callbacks", 3, planted=False),
        found("stalls", "asyncio", NOTHING_HELD, 0, planted=False),
        found("pyleak", "asyncio", "sleep-in-handler", 3, right=3),
        found("pyleak", "asyncio", NOTHING_HELD, 1, planted=False),
        found("pyleak", "uvloop", "sleep-in-handler", 3, right=2),
        found("pyleak", "uvloop", NOTHING_HELD, 1, planted=False),
    ],
    costs=[
        Cost(detector="none", loop="asyncio", cpu_us=500, cpu=None, p99_ms=2, p99=None),
        Cost(
            detector="stalls", loop="asyncio", cpu_us=550, cpu=CostRatio(estimate=1.1, low=1.05, high=1.15), p99_ms=2.1,
            p99=CostRatio(estimate=1.05, low=None, high=None),
        ),
    ],
)  # fmt: skip


def texts(table: tables.Table) -> list[list[str]]:
    return [[cell.text for cell in row] for row in table.rows]


def test_each_detector_has_a_row_for_what_it_found_and_what_it_cost() -> None:
    nothing = ["–"] * 4
    assert texts(detectors.table(KEPT)) == [
        ["none", "asyncio", *nothing, "500 µs", "–", "2.00 ms", "–"],
        ["stalls", "asyncio", "3 of 6", "2", "9 of 9", "0 of 3", "550 µs", "1.10× (1.05–1.15)", "2.10 ms", "1.05× (no interval)"],
        ["pyleak", "asyncio", "3 of 3", "0", "3 of 3", "1 of 3", *nothing],
        ["pyleak", "uvloop", "2 of 3", "0", "3 of 3", "1 of 3", *nothing],
    ]  # fmt: skip


def test_each_kind_has_a_row_with_what_was_said_on_each_loop() -> None:
    assert texts(detectors.kinds(KEPT)) == [
        ["sleep-in-handler", "3 of 3", "3 of 3 / 2 of 3, 1 without it"],
        ["garbage", "0 of 3, 2 suspected, 1 without it", "–"],
        ["many-callbacks", "(3 of 3)", "–"],
        [NOTHING_HELD, "(0 of 3)", "(1 of 3)"],
    ]


def test_versions_and_date_are_told_and_what_was_missing() -> None:
    said = detectors.said(KEPT)
    for part in (
        KEPT.date,
        "c354a50c354a",
        KEPT.python,
        KEPT.machine,
        "pyleak 0.2.0",
        "uvloop 0.23.0",
        *KEPT.missing,
    ):
        assert part in said


@pytest.mark.parametrize(
    ("content", "there"),
    [(None, False), (b"", False), (b'{"date": 7}', False), (msgspec.json.encode(KEPT), True)],
    ids=["missing", "broken", "of another version", "readable"],
)
def test_the_report_of_a_laboratory_run_shows_it_where_it_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes | None, there: bool
) -> None:
    """It is left out where it is missing, as in an installed package, or of another version."""
    monkeypatch.setattr(detectors, "MEASURED_FILE", tmp_path / "stalls.json")
    if content is not None:
        detectors.MEASURED_FILE.write_bytes(content)
    run = stalled.write(tmp_path)
    report.write(run)
    page = Page((run / "report.html").read_text())
    assert "lines.csv" in page.files
    assert ({"detectors.csv", "detectors-by-kind.csv"} <= page.files.keys()) == there
    assert (detectors.said(KEPT) in page.text) == ("detectors.csv" in page.files) == there


def test_what_is_kept_can_be_read_and_its_document_has_the_same_tables() -> None:
    kept = detectors.section()
    assert kept is not None
    document = detectors.MEASURED_FILE.with_suffix(".md").read_text()
    assert all(text in document for text in (kept.said, *map(tables.markdown, kept.tables)))
