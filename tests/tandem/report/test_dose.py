"""Dose and response in the report: a picture and a table where a kind was sent at several rates, and nothing elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

import msgspec
import pytest

from openloop.request import Request
from openloop.second import Second, dues
from tandem.judge import replay
from tandem.judge.replay import Job
from tandem.judge.summary import Summary, summarise
from tandem.observe.phases import Bystander
from tandem.report import charts, dose, dots, html
from tests.support import blocking, synthetic
from tests.support.synthetic import ASGI, WSGI
from tests.tandem.report.pages import Page

RATES = (0.5, 1, 2, 4)
SLOTS, DOSES = 16, (1, 8, 20, 40, 60)


def swept(
    rates: Sequence[float], arrivals: Literal["uniform", "poisson"], milliseconds: float, late: Callable[[str, float], int],
    **changes: Any,
) -> Summary:  # fmt: skip
    """A sweep in which so many are late per route while blockers come, by stack and rate."""

    def change(block: dict[str, Any]) -> None:
        found = late(block["stack"], float(block["scenario"].split()[1]))
        places = {"places": SLOTS} if block["stack"] == WSGI else {}
        block["blocked"] = blocking.blocked(round(found / 4), **places)

    facts = {"row": "sleep", "query": "ms=200", "milliseconds": milliseconds, "arrivals": arrivals}
    loads = [
        blocking.load(
            decoy=False,
            scenario=f"sleep {rate:g} x {milliseconds:g}",
            blocking=msgspec.structs.replace(blocking.BLOCKING, rate=rate, **facts),
            **changes,
        )
        for rate in rates
    ]
    return summarise(synthetic.synthesise(6, change=change, loads=loads, headlines=[], profile="lab-dose"))


def evenly() -> Summary:
    """The loop misses as much as arithmetic says, and the pool nothing."""
    return swept(RATES, "uniform", 200, lambda stack, rate: round(48 * rate) if stack == ASGI else 0)


def replayed(rate: float) -> float:
    """The share of those beside random blockers of 400 ms, four seconds long, that would wait for one of 16 slots."""
    second = Second(rate, 0.0, 4.0, lambda _: Request("GET", "/", "/", print), "poisson")
    others = [(number / 100, 0.0) for number in range(400)]
    blockers = [Job(due, 0.4) for due in dues(second, "0")]
    return sum(time > 100 for time in replay.responses_ms(others, blockers, 0.0, 1, SLOTS)) / len(others)


def test_each_dose_stands_beside_what_queueing_expects() -> None:
    summary = evenly()
    page = Page(html.render(summary, charts.draw(summary, {}), [], []))
    rows = page.table("dose")[1:]
    assert len(rows) == 2 * len(RATES)
    by_stack = {name: [row for row in rows if row[1] == name] for name in (ASGI, WSGI)}
    assert {row[4] for row in by_stack[WSGI]} == {"0.0"}
    (one,) = (each for each in dose.points(summary) if each.measures.stack == ASGI and each.load.blocking
              and each.load.blocking.rate == 1)  # fmt: skip
    assert one.expected == pytest.approx(0.1, rel=0.4)
    assert one.share == pytest.approx(0.1, rel=0.4)
    assert dose.SHAPES_OF_LINES["uniform"] in page.text
    assert "1 per second at " in page.text


def test_a_shared_pool_falls_off_a_cliff() -> None:
    """On a replay of what would have been sent: nobody waits, until nearly everybody does; and so says the line."""
    summary = swept(DOSES, "poisson", 400, lambda stack, rate: round(480 * replayed(rate)) if stack == WSGI else 480)
    chart = dose.draw(summary)
    assert chart is not None
    assert dose.SHAPES_OF_LINES["poisson"] in chart.description
    pool = {
        each.load.blocking.rate: each
        for each in dose.points(summary)
        if each.measures.stack == WSGI and each.load.blocking
    }
    assert [round(pool[rate].expected, 3) for rate in (1, 8, 60)] == [0, 0, 1]
    assert (pool[1].share, pool[8].share) == (0, 0)
    assert pool[20].share < 0.1 < 0.5 < pool[60].share


def test_a_load_that_only_some_stacks_had_is_drawn_and_told_of_those() -> None:
    summary = swept(DOSES, "poisson", 400, lambda *_: 0, stacks=[WSGI])
    assert {each.measures.stack for each in dose.points(summary)} == {WSGI}
    assert {each.stack for each in summary.measures} == {WSGI}
    page = Page(html.render(summary, charts.draw(summary, {}), [], []))
    assert f"Measured on {WSGI} alone" in page.text
    assert "8 per second at " in page.text


def test_where_the_baseline_was_not_measured_nothing_is_compared() -> None:
    summary = swept(DOSES, "poisson", 400, lambda *_: 0, stacks=[ASGI])
    assert summary.comparisons == []
    assert "dose" in Page(html.render(summary, charts.draw(summary, {}), [], [])).text


def test_a_run_without_a_sweep_draws_none() -> None:
    assert dose.draw(summarise(blocking.records())) is None


def test_random_blockers_have_no_moments_to_shade_but_their_phase() -> None:
    summary = swept(DOSES, "poisson", 400, lambda *_: 0)
    (load, *_), seen = summary.run.loads, [[Bystander(0.5, "GET /healthz", 1.2, 0.05)]]
    chart = dots.draw(summary, 1, load, {(load.scenario, WSGI): seen})
    assert chart is not None
    evenly = msgspec.structs.replace(load.blocking, arrivals="uniform") if load.blocking else None
    other = dots.draw(summary, 1, msgspec.structs.replace(load, blocking=evenly), {(load.scenario, WSGI): seen})
    assert other is not None
    assert "400 ms" in chart.description
    assert chart.description != other.description
    assert chart.svg != other.svg
