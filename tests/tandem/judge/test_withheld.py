"""Verdicts of whole runs, and each reason to withhold one."""

from __future__ import annotations

from typing import Any

import pytest

from tandem.judge.reasons import Failing, Missed, Reason
from tandem.judge.summary import Summary, summarise
from tests.support import synthetic
from tests.support.synthetic import ASGI, DECOY, WSGI, synthesise


def verdicts(summary: Summary, kind: str = "headline") -> dict[tuple[str, str], str]:
    return {(c.scenario, c.metric): c.verdict for c in summary.comparisons if c.kind == kind and c.stack != WSGI}


def reason(summary: Summary, scenario: str, metric: str, stack: str = ASGI) -> Reason | None:
    return next(c.reason for c in summary.comparisons if (c.scenario, c.metric, c.stack) == (scenario, metric, stack))


def test_what_was_put_in_comes_out() -> None:
    summary = summarise(
        synthesise(factors={(ASGI, "read", "cpu"): 1.8, (ASGI, "everyday", "p50"): 0.6, (ASGI, "waiting", "p50"): 0.4})
    )
    found = verdicts(summary)
    assert found[("read", "cpu")] == "worse"
    assert found[("everyday", "p50")] == found[("waiting", "p50")] == "better"
    assert found[("read", "p50")] == found[("read", "p99")] == found[("everyday", "cpu")] == "no practical difference"
    assert summary.decided
    assert set(verdicts(summary, "decoy").values()) == {"no practical difference"}
    assert {c.verdict for c in summary.comparisons if c.kind == "exploratory"} == {"not judged"}


def fails(stack: str, scenario: str, **changes: Any) -> synthetic.Change:
    def change(block: dict[str, Any]) -> None:
        if block["stack"] == stack and block["scenario"] == scenario:
            block.update(changes)

    return change


def test_a_stack_that_fails_is_not_judged_on_latency_or_cpu() -> None:
    summary = summarise(synthesise(factors={(ASGI, "read", "p50"): 0.1}, change=fails(ASGI, "read", failures=36)))
    found = verdicts(summary)
    assert found[("read", "p50")] == found[("read", "cpu")] == found[("read", "p99")] == "not judged"
    assert found[("everyday", "p50")] == "no practical difference"
    missed = [Missed(part="failed", share=0.01, limit=0.001)]
    assert reason(summary, "read", "p50") == Reason(code="cannot serve", stack=ASGI, missed=missed)
    assert summary.failing == [Failing(scenario="read", stack=ASGI, rate=300, missed=missed, examples=[])]
    assert not summary.decided


def rounded(found: list[Missed]) -> list[tuple[str, float, float]]:
    return [(one.part, round(one.share, 4), one.limit) for one in found]


@pytest.mark.parametrize("kind", ["unfinished", "dropped"])
def test_unfinished_and_dropped_arrivals_are_failures_too(kind: str) -> None:
    summary = summarise(synthesise(change=fails(ASGI, "waiting", **{kind: 60})))
    assert verdicts(summary)[("waiting", "p50")] == "not judged"
    found = reason(summary, "waiting", "p50")
    assert found is not None
    assert rounded(found.missed) == [("failed", 0.0164, 0.001), ("answered well", 0.9836, 0.99)]


def test_a_stack_that_falls_behind_is_not_judged_on_latency_or_cpu() -> None:
    """It answers everything in the end, but requests pile up by more than 1 % of the arrivals."""
    growing = {"backlog": 40, "in_flight": [0, 6, 9, 16, 20, 26, 31, 35, 40]}
    summary = summarise(synthesise(factors={(ASGI, "read", "p50"): 0.1}, change=fails(ASGI, "read", **growing)))
    found = reason(summary, "read", "cpu")
    assert found is not None
    assert (found.code, found.stack, rounded(found.missed)) == ("cannot serve", ASGI, [("backlog", 0.0111, 0.01)])
    assert [(each.scenario, each.stack, each.missed) for each in summary.failing] == [("read", ASGI, found.missed)]
    within = {"backlog": 36, "in_flight": [0, 6, 9, 16, 20, 26, 31, 35, 36]}
    assert verdicts(summarise(synthesise(change=fails(ASGI, "read", **within))))[("read", "p50")] != "not judged"
    unknown = {**growing, "in_flight": None}
    assert verdicts(summarise(synthesise(change=fails(ASGI, "read", **unknown))))[("read", "p50")] != "not judged"


def test_a_backlog_that_comes_and_goes_is_none() -> None:
    def change(block: dict[str, Any]) -> None:
        block["backlog"] = 100 if block["round"] % 2 else -100

    found = verdicts(summarise(synthesise(rounds=10, change=change)))
    assert found[("read", "p50")] == "no practical difference"


def test_a_few_failures_don_t_matter() -> None:
    summary = summarise(synthesise(change=fails(ASGI, "read", failures=3)))
    assert verdicts(summary)[("read", "p50")] == "no practical difference"


def silence(arrivals: int) -> synthetic.Change:
    def change(block: dict[str, Any]) -> None:
        if block["stack"] == ASGI and block["scenario"] == "read" and block["round"] == 3:
            block.update(requests=0, unfinished=arrivals, rate=0.0, p50_ms=None, p99_ms=None)

    return change


def test_a_stack_that_answers_nothing_has_failed() -> None:
    summary = summarise(synthesise(change=silence(3600)))
    assert verdicts(summary)[("read", "cpu")] == "not judged"
    assert reason(summary, "read", "p50") == Reason(code="answered nothing", stack=ASGI, rounds=1)


def test_where_nobody_asks_nobody_is_silent() -> None:
    """Of one arrival per second, a window of one second holds none in a third of all cases."""
    summary = summarise(synthesise(change=silence(0)))
    assert reason(summary, "read", "p50") == Reason(code="not reached", metric="p50", rounds=1)
    assert summary.failing == []


def test_a_percentile_that_was_not_reached_bars_the_verdict() -> None:
    def change(block: dict[str, Any]) -> None:
        if block["stack"] == WSGI and block["scenario"] == "read" and block["round"] == 2:
            block.update(p99_ms=None)

    summary = summarise(synthesise(change=change))
    assert reason(summary, "read", "p99") == Reason(code="not reached", metric="p99", rounds=1)
    assert verdicts(summary)[("read", "p50")] == "no practical difference"


def test_a_failing_decoy_takes_the_verdicts_it_should_vouch_for() -> None:
    summary = summarise(synthesise(factors={(ASGI, "read", "cpu"): 2}, change=fails(DECOY, "read", failures=100)))
    assert verdicts(summary)[("read", "cpu")] == "not judged"
    found = reason(summary, "read", "cpu")
    assert found is not None
    assert (found.code, found.because) == ("decoy not judged", reason(summary, "read", "cpu", DECOY))
    assert found.because is not None
    assert (found.because.code, found.because.stack) == ("cannot serve", DECOY)


def test_p99_needs_long_blocks_and_many_requests() -> None:
    summary = summarise(synthesise(change=lambda block: block.update(requests=1999, arrivals=1999)))
    assert verdicts(summary)[("read", "p99")] == "not judged"
    assert verdicts(summary)[("read", "p50")] == "no practical difference"
    assert reason(summary, "read", "p99") == Reason(code="too little for p99")


def test_quick_runs_never_say_p99() -> None:
    summary = summarise(synthesise(factors={(ASGI, "read", "p99"): 2}, profile="quick"))
    assert reason(summary, "read", "p99") == Reason(code="p99 in a quick run")


def test_no_verdict_on_one_cpu() -> None:
    one = synthetic.provenance(cpus=[0], stack_cpus=[0], generator_cpus=[0])
    summary = summarise(synthesise(factors={(ASGI, "read", "cpu"): 2}, provenance=one, suspect=["one CPU only"]))
    assert summary.not_judged == Reason(code="one CPU")
    assert set(verdicts(summary).values()) == {"not judged"}
    assert not summary.trusted


def test_a_broken_off_run_is_not_judged() -> None:
    summary = summarise(synthesise(factors={(ASGI, "read", "cpu"): 2}, measured=8))
    assert summary.not_judged == Reason(code="broken off", rounds=8, planned=9)
    assert set(verdicts(summary).values()) == {"not judged"}
    assert all(c.estimate is not None and c.reason == summary.not_judged for c in summary.comparisons)
    assert {c.confidence for c in summary.comparisons} == {0.95}


def test_no_verdict_when_it_went_on_with_one_cpu() -> None:
    one = synthetic.provenance(cpus=[0], stack_cpus=[0], generator_cpus=[0])
    records = synthesise()
    records.insert(-1, synthetic.resumed(9, provenance=one))
    assert summarise(records).not_judged == Reason(code="one CPU")


def test_no_verdict_without_a_decoy() -> None:
    summary = summarise(synthesise(stacks=[synthetic.stack(WSGI), synthetic.stack(ASGI)]))
    assert summary.not_judged == Reason(code="no decoy")


def test_a_decoy_that_earns_a_verdict_makes_the_run_untrusted() -> None:
    summary = summarise(synthesise(factors={(DECOY, "read", "p50"): 0.7, (ASGI, "read", "cpu"): 2}))
    assert summary.state == "untrusted"
    assert verdicts(summary, "decoy")[("read", "p50")] == "better"
    assert verdicts(summary)[("read", "cpu")] == "worse"
    assert not summary.trusted
    assert not summary.decided
    assert [(row.refused, row.choices) for row in summary.advice] == 3 * [(Reason(code="untrusted"), [])]
