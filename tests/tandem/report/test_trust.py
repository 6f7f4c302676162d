"""The report's answer to "Can I trust this?": whatever the records hold against the numbers is on the page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from tandem.judge.summary import Summary, summarise
from tandem.report import sentences, trust
from tests.support import synthetic
from tests.support.synthetic import ASGI, synthesise
from tests.tandem.report import pages


def test_reasons_to_doubt() -> None:
    where = synthetic.provenance(dirty=True, cpus=[0, 1], stack_cpus=[0, 1], generator_cpus=[1])
    page, markdown = pages.quick(provenance=where)
    assert "shared CPU 1" in page.text
    assert "changes that no commit holds" in page.text
    assert "with uncommitted changes" in markdown


@pytest.mark.usefixtures("only_svg")
def test_samples_that_are_missing_or_don_t_add_up_are_named(tmp_path: Path) -> None:
    synthetic.write(tmp_path, synthesise(loads=[synthetic.load("read")]), sparse=1)
    assert "add up" not in pages.text(tmp_path)
    (tmp_path / "samples/3-read-asgi.csv.gz").unlink()
    (tmp_path / "samples/4-read-asgi.csv.gz").write_bytes(b"not gzip")
    assert "3-read-asgi.csv.gz: missing or unreadable; samples/4-read-asgi.csv.gz: missing or unreadable" in pages.text(
        tmp_path
    )


def test_failures_are_shown_with_what_was_seen() -> None:
    def change(block: dict[str, Any]) -> None:
        if block["stack"] == ASGI and block["scenario"] == "everyday":
            block.update(failures=90, failure_examples=["GET /users: 500 Internal Server Error"])

    page, markdown = pages.quick(change=change)
    rows = page.table("failures")[1:]
    assert [row[1:4] for row in rows] == 9 * [["everyday", ASGI, "90"]]
    assert {row[-1] for row in rows} == {"GET /users: 500 Internal Server Error"}
    assert "cannot serve everyday" in markdown


@pytest.mark.usefixtures("only_svg")
def test_values_of_rejected_rounds_stand_under_a_caption_that_says_so(tmp_path: Path) -> None:
    def change(block: dict[str, Any]) -> None:
        synthetic.burner(block)
        block.update(failures=1, processes_ended=1)

    page, markdown = pages.made(tmp_path, rounds=6, change=change)
    mark = "of rejected rounds, so nothing follows from it"
    captions = ["read: 6 rounds", "no verdicts", "dropped or unfinished", "not every arrival was answered well",
                "to exclude anything", "first good answer", "round by round",
                "response time by percentile (log scale)"]  # fmt: skip
    assert [title for title in captions if f"{title} – {mark}" not in page.text] == []
    assert "waiting.csv" not in page.files  # predictions beside measurements
    assert "were replaced" not in page.text
    assert markdown.count(f"Values – {mark}") == 1
    assert mark not in pages.quick()[0].text


def test_rejected_rounds_are_listed_with_both_estimates() -> None:
    page, markdown = pages.quick(spoiled=[2, 5])
    assert "9 of 9 rounds valid" in page.text
    assert "Of all blocks 0 were SUSPECT and 2 INVALID" in page.text
    causes = {row[0]: row[3:] for row in page.table("validity")}
    assert causes["run-queue delay of the generator"] == ["30.0", "0", "2"]
    assert [row[:3] for row in page.table("rejected")[1:]] == [["2", "1", "read"], ["5", "1", "read"]]
    both = {(row[0], row[1]): row[2:] for row in page.table("with-rejected-rounds")}["CPU per request of read", ASGI]
    assert (both[1], both[3]) == ("9", "11")
    assert both[0] != both[2]
    assert "Rejected for causes outside the stacks: round 2, read on" in markdown


def test_too_few_valid_rounds() -> None:
    def change(block: dict[str, Any]) -> None:
        if block["round"] == 7 and block["stack"] == ASGI:
            synthetic.burner(block)

    page, markdown = pages.quick(change=change)
    assert "No verdict: only 8 of 9 rounds were valid, 7 headline ratios need 9." in page.text
    assert "No verdict: only 8 of 9" in markdown
    assert not {"better", "worse", "same"} & set(page.classes)


def test_suspect_blocks_and_unreadable_sources_are_named() -> None:
    def change(block: dict[str, Any]) -> None:
        waiting = 0.03 if block["round"] == 3 and block["stack"] == ASGI else 0.0
        block.update(interference=synthetic.interference(generator_waiting_share=waiting, steal_share=None))

    page, _ = pages.quick(change=change)
    assert [row[0] for row in page.table("suspect")[1:]] == ["3"] * 3
    assert "Not watched, because it is not available on this host: CPU stolen by the hypervisor" in page.text
    assert "not available on this host" in page.text


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
    page, _ = pages.quick([*found, *synthesise()[37:]])
    assert "9 of 9 rounds valid" in page.text
    assert [row[2][:8] for row in page.table("history")[1:]] == ["01234567", "fedcba98"]
    assert "The run was resumed with another commit." in page.text
    assert "a busy machine" in page.text


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
    assert "80/s offered (half of what 16 slots allow), arrivals at equal distances" in page.text


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
    assert "Processes of asgi were replaced: at least 9 ended and 9 began within its windows of read" in line.title
    assert line in sentences.verdict(found)
    assert line.title in trust.doubts(found, [])
    assert line.title.endswith(f"of its {asked(found):,} arrivals there 0 got no good answer.")
    assert sentences.replaced(summarise(synthesise())) == []


def asked(found: Summary) -> int:
    [arrivals] = [each.arrivals for each in found.measures if (each.stack, each.scenario) == (ASGI, "read")]
    return arrivals


def test_answers_that_were_lost_as_processes_were_replaced_are_told_beside_that_a_stack_cannot_serve() -> None:
    def retire(block: dict[str, Any]) -> None:
        if block["stack"] == ASGI and block["scenario"] == "read":
            block.update(processes_ended=1, processes_begun=1, failures=90, unfinished=4, dropped=6)

    found = summarise(synthesise(change=retire))
    [line] = sentences.replaced(found)
    assert line.title.endswith(f"of its {asked(found):,} arrivals there 900 got no good answer.")
    told = [each.title for each in sentences.verdict(found)]
    assert line.title in told
    assert any("cannot serve read" in title for title in told)


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
    rows = {row[0]: row[1:3] for row in pages.quick()[0].table("validity")}
    assert rows["dispatch lag p99"] == ["> 1 ms, or > 0.5 ms and > 10 % of the response time's p99", "> 5 ms"]
    assert rows["CPU used by anyone else"] == ["> 3 % of one CPU", "> 10 % of one CPU"]
    assert rows["samples missing or asked for otherwise"] == ["–", "> 0 arrivals"]
