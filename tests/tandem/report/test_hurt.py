"""One table of harm for each kind of a laboratory run, by route and phase; what too few samples allow is not shown."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tandem import rules
from tandem.judge.summary import Summary, summarise
from tandem.report import charts, html
from tests.support import blocking, synthetic
from tests.support.synthetic import ASGI, WSGI
from tests.tandem.report.pages import Page

KIND = msgspec.structs.replace(blocking.BLOCKING, row="sleep-in-handler", happens="One call stops everybody.")


def judged(rounds: int = 6, **changes: Any) -> Summary:
    """A laboratory run in which asgi has 24 late per blocker in odd rounds and 32 in even ones."""

    def change(block: dict[str, Any]) -> None:
        late = 32 if block["round"] % 2 == 0 else 24
        block["blocked"] = blocking.blocked(late if block["stack"] == ASGI else 0)

    given = msgspec.structs.replace(KIND, **changes)
    loads = [blocking.load(decoy=False, scenario="sleep", blocking=given)]
    return summarise(synthetic.synthesise(rounds, change=change, loads=loads, headlines=[], profile="lab-headline"))


def page(summary: Summary) -> Page:
    return Page(html.render(summary, charts.draw(summary, {}), [], []))


def rows(found: Page, name: str) -> list[dict[str, str]]:
    head, *rest = found.table(name)
    return [dict(zip(head, row, strict=True)) for row in rest]


def test_a_kind_has_one_table_beside_its_sentence() -> None:
    found = page(judged())
    assert found.text.index(KIND.happens) < found.text.index(found.captions["hurt-1"])
    table = rows(found, "hurt-1")
    assert [(row["Stack"], row["Route"]) for row in table] == [
        (stack, route) for stack in (WSGI, ASGI) for route in ("all routes", *blocking.ROUTES)
    ]
    whole, one = table[3], table[4]
    assert float(whole["late per blocker"]) == 28
    assert float(one["late per blocker"]) == 14
    assert [float(whole[f"late {when}"]) for when in ("before", "while", "after")] == [0, pytest.approx(28 / 120), 0]
    assert (whole["blockers completed"], whole["refused"], whole["recovery (s)"]) == ("48", "0", "0.0")
    assert float(whole["harm ratio"]) == pytest.approx(28 / 48) == pytest.approx(float(one["harm ratio"]))
    assert whole["late per blocker: interval"].startswith("24.0 to 32.0 (95 %")


def test_two_rounds_have_no_interval_but_a_least_and_a_most() -> None:
    whole = rows(page(judged(2)), "hurt-1")[3]
    assert whole["late per blocker: interval"].startswith("24.0 to 32.0 (l")


def test_runs_of_before_and_of_no_laboratory_have_no_such_table() -> None:
    assert "hurt-1.csv" not in page(judged(row="")).files


def test_percentiles_by_route_are_shown_from_enough_arrivals_on() -> None:
    """A phase of 4 s at 120/s has 480 a round: p99 needs 1,000, so three rounds."""
    few, enough = (
        next(
            row
            for row in rows(page(judged(rounds)), "harmed-routes")
            if row["Stack"] == ASGI and row["Phase"] == "while blocked"
        )
        for rounds in (2, 3)
    )
    assert (few["p50 (ms)"], few["p99 (ms)"], few["slowest (ms)"], few["arrivals"]) == ("1.2", "", "204.0", "960")
    assert enough["p99 (ms)"] == "190.0"
    assert (rules.shown("p99", 999), rules.shown("p99", 1000), rules.shown("p50", 19)) == (False, True, False)


def test_the_difference_to_the_prediction_stands_in_the_table_with_its_reason() -> None:
    wsgi, asgi = rows(page(judged()), "harmed")
    assert (wsgi["difference"], float(asgi["difference"])) == ("0.0", 0)
    assert float(asgi["b·D ÷ places"]) == pytest.approx(0.4)


def test_what_is_not_shown_is_what_the_run_does_not_have() -> None:
    with_idle, without = (page(summary).text for summary in (judged(client="stays"), judged()))
    assert "connections idle" in without
    assert "connections idle" not in with_idle
    assert all("a server is killed" in text for text in (with_idle, without))
