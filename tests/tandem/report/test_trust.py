"""The report's answer to "Can I trust this?": whatever the records hold against the numbers is on the page."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.support import synthetic
from tests.support.synthetic import ASGI, synthesise
from tests.tandem.report import pages


def test_reasons_to_doubt(tmp_path: Path) -> None:
    where = synthetic.provenance(dirty=True, cpus=[0, 1], stack_cpus=[0, 1], generator_cpus=[1])
    page, markdown = pages.made(tmp_path, provenance=where)
    assert "shared CPU 1" in page.text
    assert "changes that no commit holds" in page.text
    assert "with uncommitted changes" in markdown


def test_samples_that_are_missing_or_don_t_add_up_are_named(tmp_path: Path) -> None:
    synthetic.write(tmp_path, synthesise(), sparse=1)
    assert "add up" not in pages.text(tmp_path)
    (tmp_path / "samples/3-read-asgi.csv.gz").unlink()
    (tmp_path / "samples/4-read-asgi.csv.gz").write_bytes(b"not gzip")
    assert "3-read-asgi.csv.gz: missing or unreadable; samples/4-read-asgi.csv.gz: missing or unreadable" in pages.text(
        tmp_path
    )


def test_failures_are_shown_with_what_was_seen(tmp_path: Path) -> None:
    def change(block: dict[str, Any]) -> None:
        if block["stack"] == ASGI and block["scenario"] == "everyday":
            block.update(failures=90, failure_examples=["GET /users: 500 Internal Server Error"])

    page, markdown = pages.made(tmp_path, change=change)
    assert "asgi cannot serve everyday at 300/s: 2.5 % of its arrivals failed (limit 0.1 %)" in page.text
    assert "GET /users: 500 Internal Server Error" in page.text
    assert "cannot serve everyday" in markdown


def test_rejected_rounds_are_listed_with_both_estimates(tmp_path: Path) -> None:
    page, markdown = pages.made(tmp_path, spoiled=[2, 5])
    assert "9 of 9 rounds valid" in page.text
    assert "Of all blocks 0 were SUSPECT and 2 INVALID" in page.text
    assert "generator waiting for its CPU > 2 % of the time > 5 % of the time 30 % of the time 0 2" in page.text
    assert re.search(r"Rejected: .* 2 1 read \S+ dispatch lag p99 9 ms, limit 5 ms; generator waiting", page.text)
    assert re.search(r"Estimates without and with .* CPU per request of read asgi 1\.\d\d× 9 1\.\d\d× 11", page.text)
    assert "Rejected for causes outside the stacks: round 2, read on" in markdown


def test_too_few_valid_rounds(tmp_path: Path) -> None:
    def change(block: dict[str, Any]) -> None:
        if block["round"] == 7 and block["stack"] == ASGI:
            synthetic.burner(block)

    page, markdown = pages.made(tmp_path, change=change)
    assert "No verdict: only 8 of 9 rounds were valid, 7 headline ratios need 9." in page.text
    assert "No verdict: only 8 of 9" in markdown
    assert not re.search(r'class="chip (better|worse|same)"', (tmp_path / "report.html").read_text(encoding="utf-8"))


def test_suspect_blocks_and_unreadable_sources_are_named(tmp_path: Path) -> None:
    def change(block: dict[str, Any]) -> None:
        waiting = 0.03 if block["round"] == 3 and block["stack"] == ASGI else 0.0
        block.update(interference=synthetic.interference(generator_waiting_share=waiting, steal_share=None))

    page, _ = pages.made(tmp_path, change=change)
    assert "Suspect blocks, which count: 3" in page.text
    assert "Not watched, because it is not available on this host: CPU stolen by the hypervisor" in page.text
    assert "not available on this host" in page.text


def test_the_cross_checks_are_shown(tmp_path: Path) -> None:
    def change(block: dict[str, Any]) -> None:
        if block["stack"] == ASGI and block["scenario"] == "read":
            seen = msgspec.structs.replace(
                block["diagnostics"], first_half_p99_ms=20.0, second_half_p99_ms=400.0, in_flight_seen=7.0,
                in_flight_little=3.5, service_mean_ms=30.0, nginx_mean_ms=10.0, static_p50_ms=0.6,
            )  # fmt: skip
            block.update(diagnostics=seen, dispatch_lag_p99_ms=0.7)

    page, _ = pages.made(tmp_path, change=change)
    assert "20.0 ms → 400 ms 7.00 · 3.50 30.0 ms · 10.0 ms 0.600 ms · 2.00× 0.700 ms" in page.text
    assert "9 of 9 rounds valid" in page.text  # printed, never used to exclude


def test_a_run_that_was_taken_up_again_says_so(tmp_path: Path) -> None:
    other = synthetic.provenance(commit="fedcba9876543210fedcba9876543210fedcba98", date="2026-11-21T08:00:00Z")
    found = [*synthesise(measured=4), synthetic.resumed(9, provenance=other, suspect=["a busy machine"])]
    synthetic.write(tmp_path, [*found, *synthesise()[37:]])
    page = pages.Page(pages.html(tmp_path))
    assert "9 of 9 rounds valid" in page.text
    assert [row[2][:8] for row in page.table("history")[1:]] == ["01234567", "fedcba98"]
    assert "The run was resumed with another commit." in page.text
    assert "a busy machine" in page.text


def test_an_extended_run(tmp_path: Path) -> None:
    page, _ = pages.made(tmp_path, rounds=10, extension=2, extended_to=12)
    assert "12 of 12 rounds valid" in page.text
    assert "one extension by 2 rounds, each look at half the error" in page.text
    assert "99.6 % interval" in page.text
    for name in ("rate-1", "ratios"):
        assert (tmp_path / "img" / f"{name}.svg").exists()


def test_a_run_that_was_not_calibrated(tmp_path: Path) -> None:
    page, _ = pages.made(tmp_path, calibration=None)
    assert "It was not calibrated in this run." in page.text


def test_scenarios_at_different_rates(tmp_path: Path) -> None:
    slow = synthetic.load("waiting", rate=80.0, why_rate="half of what 16 slots allow", arrivals="uniform")
    page, _ = pages.made(tmp_path, loads=[synthetic.load("read"), synthetic.load("everyday"), slow])
    assert "open loop 80–300/s" in page.text
    assert "80/s offered (half of what 16 slots allow), arrivals at equal distances" in page.text


@pytest.mark.parametrize("kind", ["unfinished", "dropped"])
def test_arrivals_without_an_answer_are_shown_as_differences(tmp_path: Path, kind: str) -> None:
    def change(block: dict[str, Any]) -> None:
        if block["stack"] == ASGI and block["scenario"] == "read":
            block[kind] = 40

    page, _ = pages.made(tmp_path, change=change)
    rows = [row for row in page.table("differences") if row[:3] == ["read", "failed arrivals", ASGI]]
    assert [[round(float(value), 3) for value in row[3:6:2]] for row in rows] == [[0, 1.099]]
    assert [round(float(value), 4) for row in rows for value in row[3:5]] == [0, 0.011]
