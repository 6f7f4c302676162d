"""Sentences: the lines of the verdict as data, a sentence for every reason, and numbers that show what decided."""

from __future__ import annotations

import re
from typing import get_args

import msgspec
import pytest

from tandem.judge import validity
from tandem.judge.reasons import Code, Reason
from tandem.judge.summary import Summary, summarise
from tandem.judge.validity import Cause
from tandem.judge.verdict import Interval
from tandem.records.setup import Headline
from tandem.report import document, reasons, sentences, wording
from tandem.report.advice import advised
from tests.support import synthetic
from tests.support.synthetic import ASGI, DECOY, WSGI, synthesise
from tests.tandem.report.golden import every, on


def test_every_reason_has_a_sentence_of_its_own() -> None:
    assert set(reasons.TEXTS) == set(get_args(Code))
    texts = [reasons.text(every(code)) for code in get_args(Code)]
    assert len(set(texts)) == len(texts)
    assert [text for text in texts if not text or "None" in text] == []


@pytest.mark.parametrize(
    ("code", "numbers"),
    [
        ("broken off", ["3", "9"]),
        ("too few rounds planned", ["3", "25", "12"]),
        ("too few rounds valid", ["3", "9", "25", "12"]),
        ("answered nothing", [ASGI, "3"]),
        ("cannot serve", [ASGI, "2.78 %", "0.1 %", "97.22 %", "99 %", "1.11 %", "1 %"]),
        ("not reached", ["p99", "3"]),
        ("decoy not judged", [DECOY, "77"]),
        ("too little for p99", ["8 s", "2,000", "10,000"]),
    ],
)
def test_a_reason_names_its_numbers(code: Code, numbers: list[str]) -> None:
    text, place = reasons.text(every(code)), 0
    for number in numbers:
        place = text.index(number, place) + len(number)


def shape(found: Summary) -> list[tuple[str | None, int]]:
    """Return the verdict of each line and how many ratios it names."""
    return [(line.verdict, len(line.items)) for line in sentences.verdict(found)]


def test_the_lines_of_the_verdict() -> None:
    factors = {(ASGI, "read", "cpu"): 1.8, (ASGI, "everyday", "cpu"): 1.3, (ASGI, "waiting", "p50"): 0.4}
    found = summarise(synthesise(factors=factors))
    assert shape(found) == [(None, 0), ("better", 1), ("worse", 2), ("no practical difference", 4)]
    better = sentences.verdict(found)[1].items[0]
    assert (better.stack, better.scenario, better.metric) == (ASGI, "waiting", "p50")


def test_the_lines_of_other_runs() -> None:
    untrusted = summarise(synthesise(factors={(DECOY, "read", "p50"): 0.7}))
    assert shape(untrusted) == [(None, 0), (None, 0), ("no practical difference", 7)]
    assert DECOY in sentences.verdict(untrusted)[0].title  # that comes first
    assert shape(summarise(synthesise(measured=8))) == [(None, 0), ("exploratory", 7)]
    assert shape(summarise(synthesise(measured=0))) == [(None, 0)]
    assert shape(summarise(synthesise(headlines=[]))) == [(None, 0)]
    assert shape(summarise(synthesise(scatter=0.3))) == [(None, 0), ("undecided", 7)]


def test_each_challenger_has_its_lines() -> None:
    third = [*synthetic.run().stacks, synthetic.stack("third")]
    found = summarise(synthesise(rounds=10, stacks=third))
    assert shape(found) == 2 * [(None, 0), ("no practical difference", 7)]
    row = advised(found)[0]
    assert [row.choice.count(name) for name in (ASGI, "third")] == [1, 1]


def test_a_stack_that_cannot_serve_has_a_line() -> None:
    last = sentences.verdict(summarise(synthesise(change=on(ASGI, "read", failures=36))))[-1]
    for part in (ASGI, "read", "300/s", "1 %", "0.1 %"):
        assert part in last.title


@pytest.mark.parametrize(
    ("ms", "share", "compared"),
    [(1.6, "40 %", True), (3.0, "75 %", False), (0.02, "", False)],
)
def test_what_of_a_median_is_nginx_and_generator_stands_beside_its_verdict(
    ms: float, share: str, compared: bool
) -> None:
    """Its share where there is any to speak of, and the ratio of the apps alone where enough is left to compare."""
    factors = {(ASGI, "read", "p50"): 1.12}
    found = summarise(synthesise(factors=factors, scatter=0.001, calibration=synthetic.calibration(floor_p50_ms=ms)))
    (c,) = (
        each for each in found.comparisons if (each.kind, each.scenario, each.metric) == ("headline", "read", "p50")
    )
    (text,) = (item.text for line in sentences.verdict(found) for item in line.items if item.estimate == c.estimate)
    said = wording.floor(c)
    assert said in text
    assert said.startswith(share)
    assert bool(said) == bool(share)
    assert [float(ratio) for ratio in re.findall(r"([\d.]+)×", said)] == [pytest.approx(1.2, abs=0.1)] * compared


def test_the_badge_counts() -> None:
    assert "9 of 9" in sentences.badge(summarise(synthesise()))
    false = sentences.badge(summarise(synthesise(factors={(DECOY, "read", "p50"): 0.7})))
    assert re.findall(r"\d+", false) == ["9", "9", "1", "7", "300"]  # rounds, false verdicts of headlines, the rate


def test_advice_on_waiting_says_what_arithmetic_allows() -> None:
    why = {row.scenario: row.why for row in advised(summarise(synthesise()))}
    for part in ("160/s", f"{WSGI} (16 slots)", "1,000/s", f"{ASGI} (100 news connections)"):
        assert part in why["waiting"]
        assert part not in why["read"]


def test_the_document_is_the_summary_and_its_sentences() -> None:
    found = summarise(synthesise())
    written = msgspec.json.encode(document.document(found))
    assert msgspec.json.decode(written, type=Summary) == found
    text = msgspec.json.decode(written, type=document.Document).text
    assert (text.badge, text.verdict) == (sentences.badge(found), sentences.verdict(found))


@pytest.mark.parametrize(
    ("low", "high", "shown"),
    [
        (0.64, 0.9961, "0.64–0.996"),
        (0.99996, 1.2, "0.99996–1.20"),
        (1.0, 1.0, "1.00–1.00"),
        (0.352, 12.34, "0.35–12.3"),
    ],
)
def test_an_interval_shows_on_which_side_of_one_it_ends(low: float, high: float, shown: str) -> None:
    comparison = summarise(synthesise()).comparisons[0]
    found = Interval(level=0.9, low=low, high=high)
    assert wording.interval(msgspec.structs.replace(comparison, decided_by=found)) == shown


@pytest.mark.parametrize(("value", "shown"), [(6.0, "6"), (5.04, "5.04"), (5.0003, "5.0003"), (12.345, "12.3")])
def test_a_value_is_seen_to_be_above_its_limit(value: float, shown: str) -> None:
    lag = validity.DISPATCH_LAG
    cause = Cause(key=lag.key, title=lag.title, value=value, limit=5, level="INVALID", unit=lag.unit)
    assert wording.causes([cause]) == [f"dispatch lag p99 {shown} ms, limit 5 ms"]


def test_a_stack_that_fails_at_saturation_is_told_with_share_and_route_and_not_judged() -> None:
    loads = [synthetic.saturating("read"), synthetic.saturating("everyday")]

    def change(block: dict[str, object]) -> None:
        if (block["stack"], block["scenario"]) == (ASGI, "read at saturation"):
            requests = block["requests"]
            assert isinstance(requests, int)
            block.update(failures=round(0.03 * requests), failure_examples=["GET /api/users: 503", "GET /: 504"])

    headlines = [Headline(scenario=each.scenario, metric="throughput") for each in loads]
    found = summarise(synthesise(change=change, loads=loads, headlines=headlines))
    (failing,) = found.failing
    assert (failing.stack, failing.scenario, failing.rate) == (ASGI, "read at saturation", 0)
    assert {each.part: round(each.share, 3) for each in failing.missed} == {"failed": 0.03, "answered well": 0.97}
    told = sentences.texts(sentences.verdict(found))[-1]
    for part in (ASGI, "read at saturation", reasons.missed(failing.missed), "GET /api/users: 503", "GET /: 504"):
        assert part in told
    verdicts = {c.scenario: c.verdict for c in found.comparisons if (c.kind, c.metric) == ("headline", "throughput")}
    assert verdicts == {"read at saturation": "not judged", "everyday at saturation": "no practical difference"}


def test_a_stack_that_hangs_at_saturation_is_told_and_not_judged() -> None:
    """All clients wait since the warm-up, so none asks within the window: there is nothing that could have failed."""
    loads = [synthetic.saturating("read")]

    def change(block: dict[str, object]) -> None:
        if block["stack"] == ASGI:
            block.update(
                requests=0, arrivals=0, rate=0.0, p50_ms=None, p99_ms=None, app_cpu_seconds=0.0, nginx_cpu_seconds=0.0
            )

    headlines = [Headline(scenario="read at saturation", metric="throughput")]
    found = summarise(synthesise(change=change, loads=loads, headlines=headlines))
    assert shape(found) == [(None, 0), ("not judged", 1)]
    why = [c.reason for c in found.comparisons if (c.kind, c.metric) == ("headline", "throughput")]
    assert why == [Reason(code="answered nothing", stack=ASGI, rounds=9)]
    assert reasons.text(why[0]) in sentences.verdict(found)[1].items[0].text
