"""The first screen: each question with its numbers, its verdict and what bounded each stack."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tandem.judge.bound import Bound
from tandem.judge.measures import Pooled, Route
from tandem.judge.reasons import Reason
from tandem.judge.summary import Summary, summarise
from tandem.plan.definition import DECOY
from tandem.records.setup import Headline
from tandem.report import answers, charts, html, markdown, reasons, theme
from tests.support import blocking
from tests.support.synthetic import ASGI, WSGI, run, saturating, stack, synthesise
from tests.tandem.report.pages import Page

LOADS = [saturating("everyday"), saturating("read")]
HEADLINES = [Headline(scenario="everyday at saturation", metric=metric) for metric in ("throughput", "cpu")]
FACTORS = {(ASGI, "everyday at saturation", "throughput"): 1.5, (ASGI, "everyday at saturation", "cpu"): 0.7}


def busy(share: float) -> Any:
    def change(block: dict[str, Any]) -> None:
        block.update(app_cpu_seconds=share * block["seconds"], nginx_cpu_seconds=0.0)

    return change


def judged(change: Any = lambda block: None, routes: Any = (), pooled: Any = None, **given: Any) -> Summary:
    return summarise(synthesise(9, FACTORS, change, loads=LOADS, headlines=HEADLINES, **given), pooled, routes)


def lines(summary: Summary) -> list[list[str]]:
    """What is said to each question: how much each can take, what a request costs, what happens when something blocks."""
    return [answer.lines for answer in answers.answers(summary)]


def test_each_question_has_its_numbers_and_its_verdict() -> None:
    (first, exploratory), (cpu, memory) = lines(judged())
    assert first.startswith("everyday: wsgi-gthread 60")
    assert "asgi 90" in first
    assert "asgi ÷ wsgi-gthread: 1.5" in first
    assert first.endswith(": better")
    assert exploratory.endswith("; exploratory")
    assert cpu.startswith(f"CPU, {LOADS[0].scenario}: {WSGI} ")
    assert cpu.endswith(": better")
    assert memory.startswith(f"Memory, {LOADS[1].scenario}: ")


def test_the_decoy_is_no_answer() -> None:
    assert not any("decoy" in line for found in lines(judged()) for line in found)


def test_what_bounded_each_stack_stands_beside_its_throughput() -> None:
    summary = judged(busy(0.97))
    assert [each.by for each in summary.bounds if each.stack != DECOY] == ["cpu"] * 4
    assert lines(summary)[0][0].count(answers.by(summary.bounds[0])) == 2


def test_where_the_generator_was_the_limit_the_value_is_at_least() -> None:
    def change(block: dict[str, Any]) -> None:
        busy(0.5)(block)
        block["interference"] = block["interference"].__class__(
            generator_waiting_share=0.0, generator_cpu_share=0.97, others_cpu_share=0.0, steal_share=0.0,
            throttled_share=0.0, pressure_share=0.0,
        )  # fmt: skip

    summary = judged(change)
    first = lines(summary)[0][0]
    assert first.count("at least ") == 2
    (why,) = (c.reason for c in summary.comparisons if (c.kind, c.metric) == ("headline", "throughput"))
    assert why == Reason(code="generator was the limit", stacks=[WSGI, ASGI])
    assert first.endswith(f": undecided ({reasons.text(why)})")


@pytest.mark.parametrize(
    ("by", "numbers"),
    [
        ("slots", ["16", "40"]),
        ("news connections", ["16", "40"]),
        ("something else", ["40"]),
        ("generator", ["90", "40"]),
        ("cpu", []),
    ],
)
def test_every_bound_has_its_numbers(by: Any, numbers: list[str]) -> None:
    bound = Bound(scenario="a", stack="b", by=by, places=16, cpu_share=0.4, generator_share=0.9, held_share=None)
    assert re.findall(r"\d+", answers.by(bound)) == numbers


def test_requests_that_starve_are_named_before_it_is_called_throughput() -> None:
    def pooled(p50: float) -> Pooled:
        return Pooled(samples=20_000, p50_ms=p50, p90_ms=2 * p50, p99_ms=4 * p50, p999_ms=5 * p50)

    def route(name: str, p50: float) -> Route:
        return Route(scenario="everyday at saturation", stack=ASGI, route=name, failed_share=0.0, pooled=pooled(p50))

    seen = {("everyday at saturation", stack): pooled(8.0) for stack in (WSGI, ASGI)}
    fair = judged(pooled=seen, routes=[route("GET /", 8.0), route("POST /api/users", 80.0)])
    starving = judged(pooled=seen, routes=[route("GET /", 8.0), route("POST /api/users", 800.0)])
    assert fair.starved == []
    (one,) = starving.starved
    assert (one.stack, one.scenario, one.route, one.p50_ms, one.all_p50_ms) == (
        ASGI, LOADS[0].scenario, "POST /api/users", 800, 8)  # fmt: skip
    assert lines(starving)[0] == [*lines(fair)[0], answers.starved(one)]


def test_the_answers_come_first_on_the_page_and_in_markdown() -> None:
    summary = judged()
    drawn = charts.draw(summary, {})
    text = Page(html.render(summary, drawn, [], [])).text
    question = answers.answers(summary)[0].question
    assert text.index(question) < text.index("Verdict") < text.index("Scorecard")
    assert markdown.render(summary, drawn).startswith(f"**{question}**")


def test_a_run_without_a_valid_round_answers_nothing() -> None:
    def change(block: dict[str, Any]) -> None:
        block["dispatch_lag_p99_ms"] = 90.0

    assert answers.answers(judged(change)) == []


def test_of_many_stacks_values_stand_once_the_best_first_and_ratios_in_the_table() -> None:
    names = [WSGI, ASGI, *(f"stack-{number}" for number in range(4))]
    factors = {(name, "everyday at saturation", "throughput"): 1.0 + place for place, name in enumerate(names)}
    stacks = [*map(stack, names), stack(DECOY, decoy_of=WSGI)]
    found = lines(summarise(synthesise(9, factors, loads=LOADS, headlines=HEADLINES, stacks=stacks)))
    (first, second), cost = found
    places = [first.index(f"{name} ") for name in names]
    assert places == sorted(places, reverse=True)
    assert "better: 5 stacks;" in first
    assert "÷" not in first
    assert second.startswith("read: ")
    assert len(cost) == 2


def test_of_very_many_stacks_the_first_the_baseline_and_the_last_stand_on_the_first_screen() -> None:
    names = [*(f"stack-{number}" for number in range(10)), WSGI, ASGI]
    factors = {
        (name, "everyday at saturation", "throughput"): 1.0 + place for place, name in enumerate(reversed(names))
    }
    stacks = [*map(stack, names), stack(DECOY, decoy_of=WSGI)]
    found = summarise(synthesise(12, factors, loads=LOADS, headlines=HEADLINES, stacks=stacks))
    first = lines(found)[0][0]
    values = first.partition(". Each is bounded by ")[0]
    assert [name for name in names if f"{name} " in values] == ["stack-0", "stack-1", "stack-2", WSGI, ASGI]
    assert f"(place 12 of {len(names)})" in values
    assert "better: 10 stacks" in first


def test_of_many_stacks_what_bounded_them_is_said_once_and_that_nobody_has_a_verdict() -> None:
    stacks = [stack(name) for name in (WSGI, ASGI, "one", "two", "three")]

    def full(block: dict[str, Any]) -> None:
        block["app_cpu_seconds"] = 0.97 * block["seconds"] if block["stack"] != "one" else 0.1

    few = summarise(synthesise(1, loads=LOADS, headlines=HEADLINES, stacks=stacks, change=full))
    first = lines(few)[0][0]
    assert first.count("ounded by") == 1
    assert "; its 16 slots: one. Against " in first
    assert first.endswith(f"Against {WSGI} nobody has a verdict; each ratio stands in the scorecard")


def test_no_two_of_many_stacks_are_drawn_alike() -> None:
    names = [WSGI, *(f"stack-{number}" for number in range(16))]
    drawn = [str(each) for each in theme.styles(run(stacks=[stack(name) for name in names])).values()]
    assert len({*drawn}) == len(names)


def test_why_nobody_has_a_verdict_is_said_once() -> None:
    stacks = [stack(name) for name in (WSGI, ASGI, "other")]
    few = summarise(synthesise(2, loads=LOADS, headlines=HEADLINES, stacks=stacks))
    first = lines(few)[0][0]
    assert first.count(" ÷ ") == 2
    assert first.count(reasons.text(few.not_judged)) == 1


def test_of_many_stacks_those_that_did_the_same_to_others_are_named_together() -> None:
    names = [WSGI, ASGI, "one", "two", "three"]

    def change(block: dict[str, Any]) -> None:
        block["blocked"] = blocking.blocked(28 if block["stack"] == ASGI else 0)

    loads = [blocking.load(decoy=False)]
    given = synthesise(2, {}, change, stacks=[stack(name) for name in names], loads=loads, headlines=[])
    [line] = lines(summarise(given))[-1]
    assert re.search(rf"28 on {ASGI} \(.*28\) and 0 on {WSGI}, one, two, three \(", line)
