"""The summary: what counts, the prediction, the advice."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tandem.judge.measures import Pooled
from tandem.judge.reasons import Reason
from tandem.judge.summary import Summary, summarise
from tandem.records.journal import Record
from tandem.report import answers, reasons, sentences
from tests.support import synthetic
from tests.support.synthetic import ASGI, DECOY, WSGI, synthesise


def test_a_summary_can_be_read_back() -> None:
    found = summarise(synthesise())
    assert msgspec.json.decode(msgspec.json.encode(found), type=Summary) == found


def test_shares_that_can_be_zero_are_compared_as_differences() -> None:
    def change(block: dict[str, Any]) -> None:
        if block["stack"] == ASGI and block["scenario"] == "read":
            block.update(failures=18, dropped=18)

    found = {(c.scenario, c.stack): c for c in summarise(synthesise(change=change)).comparisons if c.metric == "failed"}
    read = found["read", ASGI]
    assert read.ratios == [pytest.approx(100 * 36 / 3618)] * 9
    assert read.decided_by is not None
    assert read.estimate == read.decided_by.low == read.decided_by.high == pytest.approx(0.995, abs=0.001)
    assert (read.kind, read.verdict) == ("exploratory", "not judged")
    assert found["everyday", ASGI].estimate == 0
    assert read.confidence == 0.95


def test_the_measures_hold_the_cross_checks() -> None:
    def change(block: dict[str, Any]) -> None:
        if block["round"] == 4:
            seen = msgspec.structs.replace(block["observed"], in_flight=99, threads=None)
            block.update(dispatch_lag_p99_ms=0.9, observed=seen)

    found = summarise(synthesise(change=change)).measures[0]
    assert found.dispatch_lag_p99_ms == 0.9
    assert found.observed is not None
    assert (found.observed.in_flight, found.observed.threads, found.observed.processes) == (99, 18, 2)
    assert found.diagnostics is not None
    assert found.diagnostics.static_p50_ms == 0.3
    assert summarise(synthesise(measured=0)).measures[0].diagnostics is None


def test_cpu_per_request_is_cpu_time_over_good_and_failed_requests() -> None:
    def change(block: dict[str, Any]) -> None:
        block.update(requests=1000, arrivals=1000, failures=500, app_cpu_seconds=1.5, nginx_cpu_seconds=0.5)

    found = summarise(synthesise(change=change)).measures[0]
    assert (found.cpu_ms, found.app_cpu_ms, found.nginx_cpu_ms) == (2.0, 1.5, 0.5)
    assert found.failed_share == 0.5


def test_memory_that_the_kernel_didn_t_tell_has_no_ratio() -> None:
    found = summarise(synthesise(change=lambda block: block.update(app_memory_bytes=None)))
    assert all(c.estimate is None and c.verdict == "not judged" for c in found.comparisons if c.metric == "memory")
    assert found.decided  # memory is no headline here


def test_stalls_in_few_rounds_are_intermittent() -> None:
    steady = {(s, name): Pooled(samples=32_400, p50_ms=4, p90_ms=9, p99_ms=20, p999_ms=30)
              for s in synthetic.SCENARIOS for name in (WSGI, ASGI, DECOY)}  # fmt: skip
    stalling = {**steady, ("read", ASGI): Pooled(samples=32_400, p50_ms=4, p90_ms=9, p99_ms=60, p999_ms=100)}
    by_metric = {
        c.metric: c for c in summarise(synthesise(), stalling).comparisons if c.stack == ASGI and c.scenario == "read"
    }
    assert by_metric["p99"].reason == Reason(code="intermittent")
    assert by_metric["p50"].verdict == "no practical difference"
    assert all(c.verdict != "not judged" for c in summarise(synthesise(), steady).comparisons if c.kind == "headline")


def choices(found: Summary) -> dict[str, list[tuple[str, str]]]:
    return {row.scenario: [(choice.stack, choice.pick) for choice in row.choices] for row in found.advice}


def test_advice_follows_the_verdicts() -> None:
    factors = {
        (ASGI, "read", "cpu"): 2.0,
        (ASGI, "everyday", "cpu"): 2.0,
        (ASGI, "everyday", "p50"): 0.5,
        (ASGI, "waiting", "p50"): 0.4,
    }
    found = choices(summarise(synthesise(factors=factors)))
    assert found["read"] == [(ASGI, "baseline")]
    assert found["everyday"] == [(ASGI, "it depends on what counts")]
    assert found["waiting"] == [(ASGI, "challenger")]
    assert set(found) == {"read", "everyday", "waiting"}  # a question that the run can't answer has no row
    assert choices(summarise(synthesise()))["read"] == [(ASGI, "either")]
    assert choices(summarise(synthesise(scatter=0.4)))["read"] == [(ASGI, "undecided")]
    assert choices(summarise(synthesise(measured=2)))["read"] == []


def test_each_challenger_is_judged_and_the_error_is_shared() -> None:
    stacks = [
        synthetic.stack(WSGI),
        synthetic.stack(ASGI),
        synthetic.stack("third"),
        synthetic.stack(DECOY, decoy_of=WSGI),
    ]
    found = summarise(synthesise(rounds=10, stacks=stacks, factors={("third", "read", "cpu"): 1.5}))
    assert {c.confidence for c in found.comparisons if c.kind != "exploratory"} == {1 - 0.05 / 14}
    assert {c.stack for c in found.comparisons if c.kind == "headline"} == {ASGI, "third"}
    assert choices(found)["read"] == [(ASGI, "either"), ("third", "baseline")]


def test_without_headlines_everything_is_exploratory() -> None:
    found = summarise(synthesise(headlines=[]))
    assert {c.kind for c in found.comparisons} == {"exploratory"}
    assert found.advice == []
    assert not found.decided


@pytest.mark.parametrize(
    ("records", "message"),
    [
        ([], "no run"),
        (synthesise(measured=1)[1:], "no run"),
        ([*synthesise(), *synthesise()], "two runs"),
        (synthesise(format=99), "format 99"),
        (synthesise(baseline="nothing"), "baseline 'nothing'"),
        ([synthetic.run(stacks=[synthetic.stack(WSGI)]), *synthesise(measured=1)[1:]], "of .read. on .(asgi|decoy)"),
    ],
)
def test_records_that_make_no_run(records: list[Record], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        summarise(records)


def test_rejected_rounds_give_rise_to_no_claim() -> None:
    """All rounds were spoiled from outside, and one stack failed half of its arrivals: nothing is said of anybody."""

    def change(block: dict[str, Any]) -> None:
        synthetic.burner(block)
        if block["stack"] == DECOY:
            block.update(failures=1800, backlog=900, in_flight=[0, 100, 200, 300, 400, 500, 600, 700, 900])

    found = summarise(synthesise(change=change))
    assert (found.rounds_complete, found.rounds_valid, found.state) == (9, 0, "not judged")
    assert found.not_judged is not None
    assert found.not_judged.code == "too few rounds valid"
    assert (found.failing, found.starved, found.bounds) == ([], [], [])
    assert {(c.verdict, c.estimate) for c in found.comparisons} == {("not judged", None)}
    assert all(each.refused == found.not_judged and not each.choices for each in found.advice)
    assert [line.title.lower() for line in sentences.verdict(found)] == [f"{reasons.text(found.not_judged).lower()}."]
    assert not any(answer.lines for answer in answers.answers(found))
