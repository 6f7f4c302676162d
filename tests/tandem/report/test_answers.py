"""The first screen: each question with its numbers, its verdict and what bounded each stack."""

from __future__ import annotations

from typing import Any

import pytest

from tandem.judge.bound import Bound
from tandem.judge.measures import Pooled, Route
from tandem.judge.summary import Summary, summarise
from tandem.plan.definition import DECOY
from tandem.records.setup import Headline
from tandem.report import answers, charts, html, markdown, theme
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


def lines(summary: Summary) -> dict[str, list[str]]:
    return {answer.question: answer.lines for answer in answers.answers(summary)}


def test_each_question_has_its_numbers_and_its_verdict() -> None:
    found = lines(judged())
    assert list(found) == ["How much can each take?", "What does a request cost?"]
    first, exploratory = found["How much can each take?"]
    assert first.startswith("everyday: wsgi-gthread 60")
    assert "asgi 90" in first
    assert "asgi ÷ wsgi-gthread: 1.5" in first
    assert first.endswith(": better")
    assert exploratory.endswith("; exploratory")
    cpu, memory = found["What does a request cost?"]
    assert cpu.startswith("CPU, everyday at saturation: wsgi-gthread ")
    assert cpu.endswith(": better")
    assert memory.startswith("Memory, read at saturation: ")


def test_the_decoy_is_no_answer() -> None:
    assert not any("decoy" in line for found in lines(judged()).values() for line in found)


def test_what_bounded_each_stack_stands_beside_its_throughput() -> None:
    first = lines(judged(busy(0.97)))["How much can each take?"][0]
    assert first.count("(bounded by its CPU)") == 2


def test_where_the_generator_was_the_limit_the_value_is_at_least() -> None:
    def change(block: dict[str, Any]) -> None:
        busy(0.5)(block)
        block["interference"] = block["interference"].__class__(
            generator_waiting_share=0.0, generator_cpu_share=0.97, others_cpu_share=0.0, steal_share=0.0,
            throttled_share=0.0, pressure_share=0.0,
        )  # fmt: skip

    first = lines(judged(change))["How much can each take?"][0]
    assert first.count("at least ") == 2
    assert "undecided (the generator was the limit for wsgi-gthread and asgi)" in first


@pytest.mark.parametrize(
    ("by", "says"),
    [
        ("slots", "its 16 slots; its CPU was 40 % busy"),
        ("news connections", "its 16 news connections"),
        ("something else", "something it waits for, not its CPU"),
        ("generator", "the load generator, at 90 % of its own CPU"),
        ("cpu", "its CPU"),
    ],
)
def test_every_bound_has_its_words(by: Any, says: str) -> None:
    bound = Bound(scenario="a", stack="b", by=by, places=16, cpu_share=0.4, generator_share=0.9, held_share=None)
    assert answers.by(bound).startswith(says)


def test_requests_that_starve_are_named_before_it_is_called_throughput() -> None:
    def pooled(p50: float) -> Pooled:
        return Pooled(samples=20_000, p50_ms=p50, p90_ms=2 * p50, p99_ms=4 * p50, p999_ms=5 * p50)

    def route(name: str, p50: float) -> Route:
        return Route(scenario="everyday at saturation", stack=ASGI, route=name, failed_share=0.0, pooled=pooled(p50))

    seen = {("everyday at saturation", stack): pooled(8.0) for stack in (WSGI, ASGI)}
    fair = lines(judged(pooled=seen, routes=[route("GET /", 8.0), route("POST /api/users", 80.0)]))
    starving = lines(judged(pooled=seen, routes=[route("GET /", 8.0), route("POST /api/users", 800.0)]))
    assert "starve" not in str(fair)
    assert [line for line in starving["How much can each take?"] if "starve" in line] == [
        "Not all of it is throughput: under everyday at saturation asgi let requests starve: half of POST /api/users took more "
        "than 800 ms, where half of all took less than 8.00 ms"
    ]


def test_the_answers_come_first_on_the_page_and_in_markdown() -> None:
    summary = judged()
    drawn = charts.draw(summary, {})
    text = Page(html.render(summary, drawn, [], [])).text
    assert text.index("How much can each take?") < text.index("Verdict") < text.index("Scorecard")
    assert markdown.render(summary, drawn).startswith("**How much can each take?**")


def test_a_run_without_a_valid_round_answers_nothing() -> None:
    def change(block: dict[str, Any]) -> None:
        block["dispatch_lag_p99_ms"] = 90.0

    assert answers.answers(judged(change)) == []


def test_of_many_stacks_values_stand_once_the_best_first_and_ratios_in_the_table() -> None:
    names = [WSGI, ASGI, *(f"stack-{number}" for number in range(4))]
    factors = {(name, "everyday at saturation", "throughput"): 1.0 + place for place, name in enumerate(names)}
    stacks = [*map(stack, names), stack(DECOY, decoy_of=WSGI)]
    found = lines(summarise(synthesise(9, factors, loads=LOADS, headlines=HEADLINES, stacks=stacks)))
    first, second = found["How much can each take?"]
    places = [first.index(f"{name} ") for name in names]
    assert places == sorted(places, reverse=True)
    assert first.endswith(f"Against {WSGI}, better: {', '.join(names[1:])}; each ratio stands in the scorecard")
    assert second.startswith("read: ")
    assert len(found["What does a request cost?"]) == 2


def test_of_many_stacks_what_bounded_them_is_said_once_and_that_nobody_has_a_verdict() -> None:
    stacks = [stack(name) for name in (WSGI, ASGI, "one", "two", "three")]

    def full(block: dict[str, Any]) -> None:
        block["app_cpu_seconds"] = 0.97 * block["seconds"] if block["stack"] != "one" else 0.1

    few = summarise(synthesise(1, loads=LOADS, headlines=HEADLINES, stacks=stacks, change=full))
    first = lines(few)["How much can each take?"][0]
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
    first = lines(few)["How much can each take?"][0]
    assert first.count(" ÷ ") == 2
    assert first.count("no verdict") == 1


def test_of_many_stacks_those_that_did_the_same_to_others_are_named_together() -> None:
    names = [WSGI, ASGI, "one", "two", "three"]

    def change(block: dict[str, Any]) -> None:
        block["blocked"] = blocking.blocked(28 if block["stack"] == ASGI else 0)

    loads = [blocking.load(decoy=False)]
    given = synthesise(2, {}, change, stacks=[stack(name) for name in names], loads=loads, headlines=[])
    [line] = lines(summarise(given))["What happens to everyone else when something blocks?"]
    assert f"28 on {ASGI} (arithmetic: 28) and 0 on {WSGI}, one, two, three (arithmetic: 0)" in line
