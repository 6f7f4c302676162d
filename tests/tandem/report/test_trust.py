"""The report's answer to "Can I trust this?": whatever the records hold against the numbers is on the page."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tandem.judge import validity
from tandem.judge.reasons import Reason
from tandem.judge.summary import Summary, summarise
from tandem.report import reasons, sentences, trust
from tests.support import synthetic
from tests.support.synthetic import ASGI, synthesise
from tests.tandem.report import pages


def test_reasons_to_doubt() -> None:
    where = synthetic.provenance(dirty=True, cpus=[0, 1], stack_cpus=[0, 1], generator_cpus=[1])
    found = trust.doubts(summarise(synthesise(provenance=where)), [])
    page, markdown = pages.quick(provenance=where)
    assert len(found) == 2
    assert "CPU 1" in found[0]
    assert [doubt for doubt in found if doubt not in page.text] == []
    assert trust.doubts(summarise(synthesise()), []) == []
    assert ("uncommitted" in markdown, "uncommitted" in pages.quick()[1]) == (True, False)


@pytest.mark.usefixtures("only_svg")
def test_samples_that_are_missing_or_don_t_add_up_are_named(tmp_path: Path) -> None:
    files = ["samples/3-read-asgi.csv.gz", "samples/4-read-asgi.csv.gz"]
    synthetic.write(tmp_path, synthesise(loads=[synthetic.load("read")]), sparse=1)
    text = pages.text(tmp_path)
    assert not any(file in text for file in files)
    (tmp_path / files[0]).unlink()
    (tmp_path / files[1]).write_bytes(b"not gzip")
    text = pages.text(tmp_path)
    assert all(file in text for file in files)


def test_failures_are_shown_with_what_was_seen() -> None:
    def change(block: dict[str, Any]) -> None:
        if block["stack"] == ASGI and block["scenario"] == "everyday":
            block.update(failures=90, failure_examples=["GET /users: 500"])

    page, markdown = pages.quick(change=change)
    rows = page.table("failures")[1:]
    assert [row[1:4] for row in rows] == 9 * [["everyday", ASGI, "90"]]
    assert {row[-1] for row in rows} == {"GET /users: 500"}
    found = summarise(synthesise(factors=pages.FACTORS, change=change))
    assert [(each.scenario, each.stack) for each in found.failing] == [("everyday", ASGI)]
    assert sentences.texts(sentences.verdict(found))[-1] in page.text
    assert "cannot serve everyday" in markdown


@pytest.mark.usefixtures("only_svg")
def test_values_of_rejected_rounds_stand_under_a_caption_that_says_so(tmp_path: Path) -> None:
    def change(block: dict[str, Any]) -> None:
        synthetic.burner(block)
        block.update(failures=1, processes_ended=1)

    page, markdown = pages.made(tmp_path, rounds=6, change=change)
    found = summarise(synthesise(6, pages.FACTORS, change))
    mark = sentences.mark(found)
    tables = ["scorecard-read", "differences", "failures", "cross-checks", "start-up", "percentiles-1", "rate-1"]
    assert [name for name in tables if not page.captions[name].endswith(mark)] == []
    assert "waiting.csv" not in page.files  # predictions beside measurements
    assert sentences.replaced(found) == []
    assert markdown.count(mark) == 1
    assert (bool(mark), sentences.mark(summarise(synthesise()))) == (True, "")


def test_rejected_rounds_are_listed_with_both_estimates() -> None:
    page, markdown = pages.quick(spoiled=[2, 5])
    assert "9 of 9 rounds valid" in page.text
    found = summarise(synthesise(factors=pages.FACTORS, spoiled=[2, 5]))
    assert (found.disturbances.blocks["SUSPECT"], found.disturbances.blocks["INVALID"]) == (0, 2)
    (doubt,) = trust.doubts(found, [])
    assert doubt in page.text
    causes = {row[0]: row[3:] for row in page.table("validity")}
    assert causes[validity.GENERATOR_WAITING.title] == ["30.0", "0", "2"]
    assert [row[:3] for row in page.table("rejected")[1:]] == [["2", "1", "read"], ["5", "1", "read"]]
    both = {(row[0], row[1]): row[2:] for row in page.table("with-rejected-rounds")}["CPU per request of read", ASGI]
    assert (both[1], both[3]) == ("9", "11")
    assert both[0] != both[2]
    assert re.search(r"round 2, read on .*round 5, read on ", markdown)


def test_too_few_valid_rounds() -> None:
    def change(block: dict[str, Any]) -> None:
        if block["round"] == 7 and block["stack"] == ASGI:
            synthetic.burner(block)

    page, markdown = pages.quick(change=change)
    why = reasons.text(Reason(code="too few rounds valid", rounds=8, planned=9, ratios=7, needed=9))
    assert why[1:] in page.text
    assert why[1:] in markdown
    assert not {"better", "worse", "same"} & set(page.classes)


def test_suspect_blocks_and_unreadable_sources_are_named() -> None:
    def change(block: dict[str, Any]) -> None:
        waiting = 0.03 if block["round"] == 3 and block["stack"] == ASGI else 0.0
        block.update(interference=synthetic.interference(generator_waiting_share=waiting, steal_share=None))

    page, _ = pages.quick(change=change)
    assert [row[0] for row in page.table("suspect")[1:]] == ["3"] * 3
    (unread,) = summarise(synthesise(change=change)).disturbances.unreadable
    assert unread == validity.STEAL.title
    assert page.text.count(unread) == 2  # in the table, and among what was not watched
    assert {row[0]: row[3] for row in page.table("validity")}[unread] == ""


def test_the_cross_checks_are_shown() -> None:
    def change(block: dict[str, Any]) -> None:
        if block["stack"] == ASGI and block["scenario"] == "read":
            seen = msgspec.structs.replace(
                block["diagnostics"], first_half_p99_ms=20.0, second_half_p99_ms=400.0, in_flight_seen=7.0,
                in_flight_little=3.5, service_mean_ms=30.0, nginx_mean_ms=10.0, static_p50_ms=0.6,
            )  # fmt: skip
            block.update(diagnostics=seen, dispatch_lag_p99_ms=0.7)

    page, _ = pages.quick(change=change)
    row = next(row for row in page.table("cross-checks") if row[:2] == ["read", ASGI])
    assert [float(value) for value in row[4:]] == [20, 400, 7, 3.5, 30, 10, 0.6, 2, 0.7]
    assert "9 of 9 rounds valid" in page.text  # printed, never used to exclude


def test_a_run_that_was_resumed_says_so() -> None:
    other = synthetic.provenance(commit="fedcba9876543210fedcba9876543210fedcba98", date="2026-11-21T08:00:00Z")
    found = [*synthesise(measured=4), synthetic.resumed(9, provenance=other, suspect=["a busy machine"])]
    found += synthesise()[37:]
    page, _ = pages.quick(found)
    assert "9 of 9 rounds valid" in page.text
    assert [row[2][:8] for row in page.table("history")[1:]] == ["01234567", "fedcba98"]
    busy, changed = trust.doubts(summarise(found), [])
    assert busy == "a busy machine"
    assert "commit" in changed
    assert busy in page.text
    assert changed in page.text


def test_an_extended_run() -> None:
    page, _ = pages.quick(rounds=10, extension=2, extended_to=12)
    assert "12 of 12 rounds valid" in page.text
    assert "one extension by 2 rounds, each look at half the error" in page.text
    assert "99.6 % interval" in page.text


def test_a_run_that_was_not_calibrated() -> None:
    page, _ = pages.quick(calibration=None)
    assert "generator.csv" not in page.files


def test_scenarios_at_different_rates() -> None:
    slow = synthetic.load("waiting", rate=80.0, why_rate="half of what 16 slots allow", arrivals="uniform")
    page, _ = pages.quick(loads=[synthetic.load("read"), synthetic.load("everyday"), slow])
    assert "open loop 80–300/s" in page.text
    assert f"80/s offered ({slow.why_rate}), arrivals at equal distances" in page.text


@pytest.mark.parametrize("kind", ["unfinished", "dropped"])
def test_arrivals_without_an_answer_are_shown_as_differences(kind: str) -> None:
    def change(block: dict[str, Any]) -> None:
        if block["stack"] == ASGI and block["scenario"] == "read":
            block[kind] = 40

    page, _ = pages.quick(change=change)
    rows = [row for row in page.table("differences") if row[:3] == ["read", "failed arrivals", ASGI]]
    assert [[round(float(value), 3) for value in row[3:6:2]] for row in rows] == [[0, 1.099]]
    assert [round(float(value), 4) for row in rows for value in row[3:5]] == [0, 0.011]


def test_processes_that_were_replaced_within_the_windows_are_told_beside_the_verdict() -> None:
    def retire(block: dict[str, Any]) -> None:
        if block["stack"] == ASGI and block["scenario"] == "read":
            block.update(processes_ended=1, processes_begun=1)

    found = summarise(synthesise(change=retire))
    [line] = sentences.replaced(found)
    assert numbers(line.title) == ["9", "9", f"{asked(found):,}", "0"]
    assert (ASGI in line.title, "read" in line.title) == (True, True)
    assert line in sentences.verdict(found)
    assert line.title in trust.doubts(found, [])
    assert sentences.replaced(summarise(synthesise())) == []


def numbers(text: str) -> list[str]:
    return re.findall(r"[\d,.]*\d", text)


def asked(found: Summary) -> int:
    [arrivals] = [each.arrivals for each in found.measures if (each.stack, each.scenario) == (ASGI, "read")]
    return arrivals


def test_answers_that_were_lost_as_processes_were_replaced_are_told_beside_that_a_stack_cannot_serve() -> None:
    def retire(block: dict[str, Any]) -> None:
        if block["stack"] == ASGI and block["scenario"] == "read":
            block.update(processes_ended=1, processes_begun=1, failures=90, unfinished=4, dropped=6)

    found = summarise(synthesise(change=retire))
    [line] = sentences.replaced(found)
    assert numbers(line.title)[2:] == [f"{asked(found):,}", "900"]
    assert line in sentences.verdict(found)
    assert [(each.stack, each.scenario) for each in found.failing] == [(ASGI, "read")]
    assert any("cannot serve read" in each.title for each in sentences.verdict(found))


@pytest.mark.parametrize(
    ("counted", "says"),
    [
        ((1, 0), "9 workers of asgi were replaced within its windows of read, and what"),
        (
            (2, 1),
            "18 workers of asgi were replaced (9 of them by harakiri: a request took longer than the server allows) within",
        ),
    ],
)
def test_where_a_server_counts_its_workers_itself_its_count_is_told(counted: tuple[int, int], says: str) -> None:
    def retire(block: dict[str, Any]) -> None:
        if block["stack"] == ASGI and block["scenario"] == "read":
            block.update(processes_ended=1, processes_begun=1, failures=90)
            block.update(workers_replaced=counted[0], workers_harakiri=counted[1])

    [line] = sentences.replaced(summarise(synthesise(change=retire)))
    assert line.title.startswith(says)
    assert line.title.endswith("arrivals there 810 got no good answer.")


def test_the_limits_are_written_out() -> None:
    rows = {
        row[0]: [re.findall(r"> ([\d.]+ \S+)", cell) for cell in row[1:3]] for row in pages.quick()[0].table("validity")
    }
    assert rows[validity.DISPATCH_LAG.title] == [["1 ms,", "0.5 ms", "10 %"], ["5 ms"]]
    assert rows[validity.OTHERS_CPU.title] == [["3 %"], ["10 %"]]
    assert rows[validity.ACCOUNTING.title] == [[], ["0 arrivals"]]
